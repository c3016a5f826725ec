namespace EvenNet.Report;

/// <summary>One value over the iterations of a run.</summary>
/// <param name="Kind">Of its lines: «train», «test», «test, 10 views», «rates».</param>
/// <param name="Name">«loss».</param>
/// <param name="Iterations">Rising.</param>
/// <param name="Values">One an iteration; NaN where the number was not finite.</param>
public sealed record RunCurve(string Kind, string Name, IReadOnlyList<double> Iterations, IReadOnlyList<double> Values)
{
    // Share of a run's iterations on each side that a value of the smooth curve is the mean of; short runs get two points on each side.
    private const double Reach = 0.02, LeastPoints = 2;

    /// <summary>The mean of what is near each point, twice, so that the nearest count most; numbers that are none are left out.</summary>
    public RunCurve Smooth()
    {
        if (Values.Count < 8) return this;
        double reach = (Iterations[^1] - Iterations[0]) * Math.Max(Reach, LeastPoints / Values.Count);
        return this with { Values = Means(Means(Values, reach), reach) };
    }

    /// <summary>Thinned to what a picture of so many ranges shows.</summary>
    public RunCurve Thin(int ranges)
    {
        int[] kept = Framework.Thinning.Indices(Iterations, Values, ranges);
        return this with { Iterations = [.. kept.Select(i => Iterations[i])], Values = [.. kept.Select(i => Values[i])] };
    }

    /// <summary>The value at the last point that is not after an iteration; null outside the curve.</summary>
    public double? At(double iteration)
    {
        if (Iterations.Count == 0 || iteration < Iterations[0] || iteration > Iterations[^1]) return null;
        int low = 0, high = Iterations.Count - 1;
        while (low < high)
        {
            int middle = (low + high + 1) / 2;
            if (Iterations[middle] <= iteration) low = middle;
            else high = middle - 1;
        }
        return Values[low];
    }

    // Near the ends the reach is as long as the shorter side, but half of it at least: a falling curve's end is not lifted, nor left to its noise.
    private double[] Means(IReadOnlyList<double> values, double reach)
    {
        double[] sums = new double[values.Count + 1];
        int[] counts = new int[values.Count + 1];
        for (int i = 0; i < values.Count; i++)
        {
            bool counted = double.IsFinite(values[i]);
            (sums[i + 1], counts[i + 1]) = (sums[i] + (counted ? values[i] : 0), counts[i] + (counted ? 1 : 0));
        }
        double[] means = new double[values.Count];
        for (int i = 0, begin = 0, end = 0; i < means.Length; i++)
        {
            double near = Math.Min(reach, Math.Max(reach / 2, Math.Min(Iterations[i] - Iterations[0], Iterations[^1] - Iterations[i])));
            // Both ends of the reach move forward only, as x ± reach does.
            while (Iterations[begin] < Iterations[i] - near) begin++;
            while (end < means.Length && Iterations[end] <= Iterations[i] + near) end++;
            means[i] = counts[end] > counts[begin] ? (sums[end] - sums[begin]) / (counts[end] - counts[begin]) : double.NaN;
        }
        return means;
    }
}

namespace EvenNet.Framework;

/// <summary>
/// Makes a long curve short without changing its picture: of each of some equally wide ranges of x, the first point, the last, the lowest and the highest
/// stay (M4; Jugel et al. 2014, «M4: A Visualization-Oriented Time Series Data Aggregation»). With a range a pixel the line covers the same pixels.
/// </summary>
public static class Thinning
{
    /// <summary>Which points stay, in order: all where they are at most four a range.</summary>
    /// <param name="x">Not falling.</param>
    /// <param name="y">One an x. Of the points of a range that are not numbers the first stays, so that a gap remains one.</param>
    /// <param name="ranges">How many ranges between the first x and the last.</param>
    public static int[] Indices(IReadOnlyList<double> x, IReadOnlyList<double> y, int ranges)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(ranges);
        if (x.Count != y.Count) throw new ArgumentException($"{x.Count} x but {y.Count} y", nameof(y));
        if (x.Count <= 4L * ranges) return [.. Enumerable.Range(0, x.Count)];
        var kept = new List<int>(4 * ranges);
        double start = x[0], width = (x[^1] - x[0]) / ranges;
        for (int begin = 0, end; begin < x.Count; begin = end)
        {
            int range = RangeOf(x[begin]);
            for (end = begin + 1; end < x.Count && RangeOf(x[end]) == range;) end++;
            Keep(begin, end);
        }
        return [.. kept];

        int RangeOf(double at) => width > 0 ? Math.Min((int)((at - start) / width), ranges - 1) : 0;

        void Keep(int begin, int end)
        {
            int low = -1, high = -1, gap = -1;
            for (int i = begin; i < end; i++)
            {
                if (double.IsNaN(y[i])) gap = gap < 0 ? i : gap;
                else (low, high) = (low < 0 || y[i] < y[low] ? i : low, high < 0 || y[i] > y[high] ? i : high);
            }
            kept.AddRange(((int[])[begin, low, high, gap, end - 1]).Where(i => i >= 0).Distinct().Order());
        }
    }
}

namespace EvenNet.Initialization;

/// <summary>Mean and coefficient of variation (population deviation over mean) of many numbers, summed in order.</summary>
internal struct Spread
{
    private double sum, squares;
    private long count;

    public readonly double Mean => sum / count;

    public readonly double Variation => Math.Sqrt(Math.Max(0, squares / count - Mean * Mean)) / Math.Abs(Mean);

    public static Spread Of(IEnumerable<double> values)
    {
        var spread = new Spread();
        foreach (double value in values) spread.Add(value);
        return spread;
    }

    /// <summary>Of the roots of some squares, each to float32.</summary>
    public static Spread OfRoots(ReadOnlySpan<float> values)
    {
        var (roots, squares) = VectorMath.RootsAndSum(values);
        return new() { sum = roots, squares = squares, count = values.Length };
    }

    public void Add(double value)
    {
        sum += value;
        squares += value * value;
        count++;
    }

    public void Add(Spread other)
    {
        sum += other.sum;
        squares += other.squares;
        count += other.count;
    }
}

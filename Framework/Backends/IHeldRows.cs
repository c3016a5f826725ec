namespace EvenNet.Framework;

/// <summary>Rows that a device holds, for what is asked of the same rows again and again.</summary>
public interface IHeldRows : IDisposable
{
    /// <summary>The inner products of some rows with all rows: some × n.</summary>
    void Multiply(ReadOnlySpan<int> some, Span<float> products);

    /// <summary>For each row which of K centres has the largest x·c − half, the first of equal ones, and how large it is.</summary>
    /// <param name="centres">K×m.</param>
    /// <param name="halves">K.</param>
    /// <param name="nearest">Numbers of centres: n.</param>
    /// <param name="largest">n.</param>
    void Nearest(ReadOnlySpan<float> centres, ReadOnlySpan<float> halves, Span<int> nearest, Span<float> largest);

    /// <summary>Sums of some rows in double, each in the order given: order[starts[k]] … order[starts[k + 1] − 1] into row k of sums, K×m.</summary>
    void Sum(ReadOnlySpan<int> order, ReadOnlySpan<int> starts, Span<double> sums);
}

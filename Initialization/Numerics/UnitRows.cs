namespace EvenNet.Initialization;

/// <summary>Rows scaled to unit length, in place.</summary>
internal static class UnitRows
{
    private const int TaskRows = 256;

    /// <summary>Scales rows, n×m, to unit length and those without a direction to zero; returns the numbers of the others.</summary>
    public static int[] Normalise(Arithmetic arithmetic, Memory<float> rows, int dimensions)
    {
        if (dimensions < 1 || rows.Length % dimensions != 0)
            throw new ArgumentException($"{rows.Length} values are not a whole number of rows of {dimensions}", nameof(rows));
        int count = rows.Length / dimensions;
        bool[] usable = new bool[count];
        arithmetic.For((count + TaskRows - 1) / TaskRows, task =>
        {
            Span<float> all = rows.Span;
            for (int row = task * TaskRows; row < Math.Min(count, (task + 1) * TaskRows); row++)
            {
                Span<float> x = all.Slice(row * dimensions, dimensions);
                double norm = Math.Sqrt(VectorMath.SquaredNorm(x));
                usable[row] = norm >= Clustering.ShortestRow && double.IsFinite(norm);
                float scale = usable[row] ? (float)(1 / norm) : 0;
                if (usable[row]) foreach (ref float value in x) value *= scale;
                else x.Clear();
            }
        });
        return [.. Enumerable.Range(0, count).Where(row => usable[row])];
    }

    /// <summary>The rows of these numbers, one after the other.</summary>
    public static float[] Gather(ReadOnlySpan<float> rows, int dimensions, ReadOnlySpan<int> numbers)
    {
        float[] gathered = new float[numbers.Length * dimensions];
        for (int i = 0; i < numbers.Length; i++) rows.Slice(numbers[i] * dimensions, dimensions).CopyTo(gathered.AsSpan(i * dimensions));
        return gathered;
    }
}

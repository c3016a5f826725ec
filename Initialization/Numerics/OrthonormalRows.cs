using EvenNet.Framework;

namespace EvenNet.Initialization;

/// <summary>
/// Makes rows orthonormal, each to all before it: by two passes of <see cref="CholeskyRows"/> where the rows are independent; where they are not,
/// panels of 32 rows against the finished ones by matrix products, twice, then row by row inside the panel. A row that depends on the others is
/// drawn anew, so any input gives a full basis.
/// </summary>
internal static class OrthonormalRows
{
    private const int PanelRows = 32;
    private const double Nothing = 1e-10, Little = 1e-4;

    /// <summary>Rows below <paramref name="finished"/> are orthonormal and stay; the others, to <paramref name="rows"/>, become so. basis: rows×d.</summary>
    public static void Complete(Arithmetic arithmetic, double[] basis, int dimensions, int finished, int rows, RandomSource random)
    {
        if (CholeskyRows.Complete(arithmetic, basis, dimensions, finished, rows)) return;
        for (int first = finished; first < rows; first += PanelRows)
        {
            int count = Math.Min(PanelRows, rows - first);
            Memory<double> panel = basis.AsMemory(first * dimensions, count * dimensions);
            for (int i = 0; i < count; i++) Normalise(panel.Span.Slice(i * dimensions, dimensions));
            for (int pass = 0; pass < 2; pass++) TakeOff(arithmetic, basis.AsMemory(0, first * dimensions), first, panel, count, dimensions);
            for (int i = 0; i < count; i++) CompleteRow(basis, dimensions, first, first + i, random);
        }
    }

    // panel −= (panel · finishedᵀ) · finished
    private static void TakeOff(Arithmetic arithmetic, ReadOnlyMemory<double> finished, int finishedRows, Memory<double> panel, int count, int dimensions)
    {
        if (finishedRows == 0) return;
        double[] shares = new double[finishedRows * count];
        DoubleProduct.Add(arithmetic, count, finishedRows, dimensions, 1, panel, finished, shares, transposeB: true);
        DoubleProduct.Add(arithmetic, count, dimensions, finishedRows, -1, shares, finished, panel);
    }

    private static void CompleteRow(double[] basis, int dimensions, int panelStart, int row, RandomSource random)
    {
        Span<double> vector = basis.AsSpan(row * dimensions, dimensions);
        // What is left of a unit row after the panel's product passes: a row that lay in their span is only rounding now. Where little is left, rounding
        // has a part in it that is not orthogonal to the rows taken off, so they are taken off once more.
        double remains = Math.Sqrt(VectorMath.Dot(vector, vector));
        bool dependent = remains < Nothing;
        int from = remains < Little ? 0 : panelStart;
        while (true)
        {
            if (dependent) Draw(vector, random);
            double norm = Normalise(vector);
            for (int pass = 0; pass < 2; pass++)
                for (int other = from; other < row; other++)
                {
                    ReadOnlySpan<double> unit = basis.AsSpan(other * dimensions, dimensions);
                    VectorMath.AddScaled(-VectorMath.Dot(vector, unit), unit, vector);
                }
            double left = Normalise(vector);
            if (norm > 0 && left > Little) return;
            dependent = norm == 0 || left <= Nothing;
            from = 0;
        }
    }

    private static void Draw(Span<double> vector, RandomSource random)
    {
        float[] draw = new float[vector.Length];
        random.FillGaussian(draw);
        for (int i = 0; i < draw.Length; i++) vector[i] = draw[i];
    }

    // Scales to length one and returns the length there was; a zero row stays.
    private static double Normalise(Span<double> vector)
    {
        double norm = Math.Sqrt(VectorMath.Dot(vector, vector));
        if (norm > 0) VectorMath.Scale(1 / norm, vector);
        return norm;
    }
}

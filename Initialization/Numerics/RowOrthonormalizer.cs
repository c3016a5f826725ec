namespace EvenNet.Initialization;

/// <summary>
/// Makes independent rows orthonormal, each to those before it, by the factor of their products: Q = L⁻¹·Y with L·Lᵀ = Y·Yᵀ. Nothing but products of blocks,
/// and half of those that a factor and its inverse as a whole would take. Orthonormal to about 10⁻¹⁶ · condition²; a second pass follows where that is too
/// much (Fukaya et al. 2014, "CholeskyQR2").
/// </summary>
internal static class RowOrthonormalizer
{
    private const int Block = 128, TaskRows = 16;

    // Squares of the smallest part of a unit row that the rows before it leave: from which on one pass will do, and below which two will not.
    private const double OnePass = 1e-9, LeastPivot = 1e-13;

    /// <summary>y: rows × dimensions, rows ≤ dimensions. False where rows depend on those before them: y is broken then.</summary>
    public static bool Apply(Arithmetic arithmetic, double[] y, int rows, int dimensions)
    {
        double pivot = Pass(arithmetic, y, rows, dimensions);
        if (pivot is > LeastPivot and < OnePass) pivot = Pass(arithmetic, y, rows, dimensions);
        return pivot > LeastPivot;
    }

    // Returns the smallest pivot.
    private static double Pass(Arithmetic arithmetic, double[] y, int rows, int dimensions)
    {
        Normalise(arithmetic, y, rows, dimensions);
        int blocks = (rows + Block - 1) / Block;
        // Panel j holds the factor's columns from j · Block on, its rows from there down.
        var panels = new double[blocks][];
        double least = double.PositiveInfinity;
        for (int k = 0; k < blocks; k++)
        {
            int first = k * Block, width = Math.Min(Block, rows - first), height = rows - first;
            double[] panel = new double[height * width];
            DoubleProduct.Add(arithmetic, height, width, dimensions, 1, y.AsMemory(first * dimensions, height * dimensions), y.AsMemory(first * dimensions, width * dimensions), panel, transposeB: true);
            for (int j = 0; j < k; j++)
            {
                ReadOnlyMemory<double> below = panels[j].AsMemory((first - j * Block) * Block);
                DoubleProduct.Add(arithmetic, height, width, Block, -1, below, below[..(width * Block)], panel, transposeB: true);
            }
            least = Math.Min(least, Factor(panel, width));
            if (!(least > LeastPivot)) return 0;
            Divide(arithmetic, panel, height, width);
            panels[k] = panel;
        }
        Solve(arithmetic, panels, y, rows, dimensions);
        return least;
    }

    private static void Normalise(Arithmetic arithmetic, double[] y, int rows, int dimensions) => arithmetic.For((rows + TaskRows - 1) / TaskRows, task =>
    {
        for (int i = task * TaskRows; i < Math.Min(rows, (task + 1) * TaskRows); i++)
        {
            Span<double> row = y.AsSpan(i * dimensions, dimensions);
            double norm = Math.Sqrt(VectorMath.Dot(row, row));
            if (norm > 0) VectorMath.Scale(1 / norm, row);
        }
    });

    // The factor of the panel's first square, in its lower triangle; the smallest pivot.
    private static double Factor(double[] panel, int n)
    {
        double least = double.PositiveInfinity;
        for (int i = 0; i < n; i++)
        {
            Span<double> row = panel.AsSpan(i * n, n);
            for (int j = 0; j < i; j++) row[j] = (row[j] - VectorMath.Dot(row[..j], panel.AsSpan(j * n, j))) / panel[j * n + j];
            double pivot = row[i] - VectorMath.Dot(row[..i], row[..i]);
            least = Math.Min(least, pivot);
            if (!(pivot > LeastPivot)) return 0;
            row[i] = Math.Sqrt(pivot);
            row[(i + 1)..].Clear();
        }
        return least;
    }

    // The rows below the first square: divided by its factor's transpose.
    private static void Divide(Arithmetic arithmetic, double[] panel, int height, int width) => arithmetic.For((height - width + TaskRows - 1) / TaskRows, task =>
    {
        for (int i = width + task * TaskRows; i < Math.Min(height, width + (task + 1) * TaskRows); i++)
        {
            Span<double> row = panel.AsSpan(i * width, width);
            for (int j = 0; j < width; j++) row[j] = (row[j] - VectorMath.Dot(row[..j], panel.AsSpan(j * width, j))) / panel[j * width + j];
        }
    });

    // y ← L⁻¹·y, block of rows after block of rows.
    private static void Solve(Arithmetic arithmetic, double[][] panels, double[] y, int rows, int dimensions)
    {
        double[] turned = new double[Math.Min(Block, rows) * dimensions];
        for (int k = 0; k < panels.Length; k++)
        {
            int first = k * Block, height = Math.Min(Block, rows - first);
            Memory<double> own = y.AsMemory(first * dimensions, height * dimensions);
            for (int j = 0; j < k; j++)
            {
                ReadOnlyMemory<double> factor = panels[j].AsMemory((first - j * Block) * Block, height * Block);
                DoubleProduct.Add(arithmetic, height, dimensions, Block, -1, factor, y.AsMemory(j * Block * dimensions, Block * dimensions), own);
            }
            turned.AsSpan().Clear();
            DoubleProduct.Add(arithmetic, height, dimensions, height, 1, Inverse(panels[k], height), own, turned);
            turned.AsSpan(0, own.Length).CopyTo(own.Span);
        }
    }

    // Of the lower triangular first square of a panel.
    private static double[] Inverse(double[] panel, int n)
    {
        double[] inverse = new double[n * n];
        for (int i = 0; i < n; i++)
        {
            Span<double> row = inverse.AsSpan(i * n, n);
            for (int j = 0; j < i; j++) VectorMath.AddScaled(-panel[i * n + j], inverse.AsSpan(j * n, n), row);
            row[i] += 1;
            VectorMath.Scale(1 / panel[i * n + i], row);
        }
        return inverse;
    }
}

namespace EvenNet.Initialization;

/// <summary>
/// Eigenpairs of a symmetric tridiagonal matrix by QL steps with implicit shifts (Dubrulle, Martin and Wilkinson 1968, "The implicit QL
/// algorithm"). The steps' rotations are gathered and then applied to the vectors by all threads, each to some columns that its cache holds.
/// </summary>
internal sealed class ImplicitQl
{
    private const double Rounding = 1.1e-16;
    private const int MostSteps = 60, EnoughRotations = 1 << 13, TaskColumns = 64;

    private readonly Arithmetic arithmetic;
    private readonly int n;
    private readonly double[] diagonal, beside;
    private readonly List<(int Row, double Cosine, double Sine)> rotations = [];

    /// <summary>diagonal: n; beside: n, the entries between rows i and i + 1. Both are destroyed.</summary>
    public ImplicitQl(Arithmetic arithmetic, double[] diagonal, double[] beside)
    {
        (this.arithmetic, this.diagonal, this.beside, n) = (arithmetic, diagonal, beside, diagonal.Length);
        Vectors = new double[(long)n * n];
        for (int i = 0; i < n; i++) Vectors[i * n + i] = 1;
        for (int row = 0; row < n; row++)
        {
            int steps = 0;
            for (int end; (end = EndOfBlock(row)) > row;)
            {
                if (++steps > MostSteps) throw new ArithmeticException($"eigenvalue {row} of {n} did not converge in {MostSteps} steps");
                Step(row, end);
                if (rotations.Count >= EnoughRotations) Rotate();
            }
        }
        Rotate();
    }

    /// <summary>In no order: n.</summary>
    public double[] Values => diagonal;

    /// <summary>A vector a row, in the values' order: n×n.</summary>
    public double[] Vectors { get; }

    // The first row from here on that nothing connects to the next one.
    private int EndOfBlock(int row)
    {
        while (row < n - 1 && Math.Abs(beside[row]) > Rounding * (Math.Abs(diagonal[row]) + Math.Abs(diagonal[row + 1]))) row++;
        return row;
    }

    // Chases the bulge that the shift makes at the block's end up to its first row.
    private void Step(int first, int end)
    {
        double g = (diagonal[first + 1] - diagonal[first]) / (2 * beside[first]);
        g = diagonal[end] - diagonal[first] + beside[first] / (g + Math.CopySign(Math.Sqrt(g * g + 1), g));
        double sine = 1, cosine = 1, taken = 0;
        for (int i = end - 1; i >= first; i--)
        {
            double f = sine * beside[i], b = cosine * beside[i], r = Length(f, g);
            beside[i + 1] = r;
            if (r == 0)
            {
                // The block falls apart here.
                diagonal[i + 1] -= taken;
                beside[end] = 0;
                return;
            }
            (sine, cosine) = (f / r, g / r);
            g = diagonal[i + 1] - taken;
            r = (diagonal[i] - g) * sine + 2 * cosine * b;
            taken = sine * r;
            diagonal[i + 1] = g + taken;
            g = cosine * r - b;
            rotations.Add((i, cosine, sine));
        }
        diagonal[first] -= taken;
        beside[first] = g;
        beside[end] = 0;
    }

    // √(a² + b²), without losing what is small to underflow.
    private static double Length(double a, double b)
    {
        double larger = Math.Max(Math.Abs(a), Math.Abs(b)), smaller = Math.Min(Math.Abs(a), Math.Abs(b));
        if (larger == 0) return 0;
        double ratio = smaller / larger;
        return larger * Math.Sqrt(1 + ratio * ratio);
    }

    private void Rotate()
    {
        arithmetic.For((n + TaskColumns - 1) / TaskColumns, task =>
        {
            int column = task * TaskColumns, width = Math.Min(TaskColumns, n - column);
            foreach (var (row, cosine, sine) in rotations)
                VectorMath.Rotate(cosine, sine, Vectors.AsSpan(row * n + column, width), Vectors.AsSpan((row + 1) * n + column, width));
        });
        rotations.Clear();
    }
}

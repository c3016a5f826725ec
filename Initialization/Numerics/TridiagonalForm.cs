namespace EvenNet.Initialization;

/// <summary>
/// A symmetric matrix as Q·T·Qᵀ with T tridiagonal, by Householder's reflections (Golub and Van Loan, "Matrix Computations", §8.3.1). What a
/// reflection changes is brought up to date row by row, in the same pass that multiplies the rows by the next reflection's vector.
/// </summary>
internal sealed class TridiagonalForm
{
    private const int TaskRows = 32, SmallestShared = 192;

    // Row k of the matrix keeps, right of the diagonal, the vector v of the reflection I − factor · v · vᵀ that made it tridiagonal.
    private readonly double[] matrix, factors, update;
    private readonly int n;

    /// <summary>Reduces a symmetric matrix, n×n, and destroys it.</summary>
    public TridiagonalForm(Arithmetic arithmetic, double[] matrix, int n)
    {
        (this.matrix, this.n) = (matrix, n);
        (Diagonal, Beside, factors, update) = (new double[n], new double[n], new double[n], new double[n]);
        double[] image = new double[n];
        for (int k = 0; k < n; k++)
        {
            BringUpToDate(k, k, k - 1);
            Diagonal[k] = matrix[k * n + k];
            if (k == n - 1) break;
            Beside[k] = Reflect(k);
            int step = k, rows = n - k - 1;
            if (rows < SmallestShared) Multiply(step, step + 1, n, image);
            else arithmetic.For((rows + TaskRows - 1) / TaskRows, task => Multiply(step, step + 1 + task * TaskRows, Math.Min(n, step + 1 + (task + 1) * TaskRows), image));
            SetUpdate(k, image);
        }
    }

    /// <summary>T's diagonal: n.</summary>
    public double[] Diagonal { get; }

    /// <summary>T's entries between rows i and i + 1: n, the last zero.</summary>
    public double[] Beside { get; }

    /// <summary>vector = Q · vector: an eigenvector of T becomes one of the matrix.</summary>
    public void Turn(Span<double> vector)
    {
        for (int k = n - 2; k >= 0; k--)
        {
            if (factors[k] == 0) continue;
            Span<double> rest = vector[(k + 1)..];
            VectorMath.AddScaled(-factors[k] * VectorMath.Dot(Vector(k), rest), Vector(k), rest);
        }
    }

    private Span<double> Vector(int k) => matrix.AsSpan(k * n + k + 1, n - k - 1);

    // Turns what is right of row k's diagonal into the vector of the reflection that leaves only its first entry; returns that entry.
    private double Reflect(int k)
    {
        Span<double> x = Vector(k);
        double first = x[0], beyond = VectorMath.Dot(x[1..], x[1..]);
        if (beyond == 0) return first;
        double length = Math.Sqrt(first * first + beyond), left = first > 0 ? -length : length;
        x[0] = first - left;
        factors[k] = 2 / (x[0] * x[0] + beyond);
        return left;
    }

    // image = A · v for some rows of what is left of the matrix.
    private void Multiply(int k, int first, int end, double[] image)
    {
        for (int i = first; i < end; i++)
        {
            BringUpToDate(i, k + 1, k - 1);
            image[i] = VectorMath.Dot(matrix.AsSpan(i * n + k + 1, n - k - 1), Vector(k));
        }
    }

    // Of the reflection A ← A − v·wᵀ − w·vᵀ, w = p − ½ factor (vᵀp) v with p = factor · A·v.
    private void SetUpdate(int k, double[] image)
    {
        Span<double> w = update.AsSpan(k + 1);
        image.AsSpan(k + 1).CopyTo(w);
        VectorMath.Scale(factors[k], w);
        VectorMath.AddScaled(-0.5 * factors[k] * VectorMath.Dot(Vector(k), w), Vector(k), w);
    }

    // Row i from a column on, as the last reflection leaves it.
    private void BringUpToDate(int i, int column, int last)
    {
        if (last < 0 || factors[last] == 0) return;
        Span<double> row = matrix.AsSpan(i * n + column, n - column);
        ReadOnlySpan<double> v = Vector(last), w = update;
        VectorMath.AddScaled(-v[i - last - 1], w[column..], row);
        VectorMath.AddScaled(-w[i], v[(column - last - 1)..], row);
    }
}

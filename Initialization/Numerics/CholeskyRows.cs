using System.Buffers;

namespace EvenNet.Initialization;

/// <summary>
/// Makes independent rows orthonormal by Cholesky's factor of their products, Y ← L⁻¹·Y with L·Lᵀ = Y·Yᵀ, twice (Fukaya et al. 2014, "CholeskyQR2").
/// As in Gram and Schmidt's method each row is taken off those after it, but all of it is matrix products.
/// </summary>
internal static class CholeskyRows
{
    // The square of the part of a unit row that the rows before it leave: below this two passes do not make rows orthonormal to rounding.
    private const double LeastPivot = 1e-12;

    private const int Passes = 2, TaskRows = 16;

    /// <summary>
    /// Rows below <paramref name="finished"/> are orthonormal and stay; the others become so. False where rows depend on those before them: what was
    /// changed spans the same then. basis: rows×d.
    /// </summary>
    public static bool Complete(Arithmetic arithmetic, double[] basis, int dimensions, int finished, int rows)
    {
        int count = rows - finished;
        if (count == 0) return true;
        Memory<double> active = basis.AsMemory(finished * dimensions, count * dimensions);
        for (int pass = 0; pass < Passes; pass++)
        {
            if (!Normalise(arithmetic, active, count, dimensions)) return false;
            TakeOff(arithmetic, basis.AsMemory(0, finished * dimensions), finished, active, count, dimensions);
            double[] products = new double[count * count];
            DoubleProduct.Add(arithmetic, count, count, dimensions, 1, active, active, products, transposeB: true);
            if (!Factor(products, count)) return false;
            double[] inverse = Inverse(arithmetic, products, count), turned = ArrayPool<double>.Shared.Rent(active.Length);
            turned.AsSpan(0, active.Length).Clear();
            DoubleProduct.Add(arithmetic, count, dimensions, count, 1, inverse, active, turned);
            turned.AsSpan(0, active.Length).CopyTo(active.Span);
            ArrayPool<double>.Shared.Return(turned);
        }
        return true;
    }

    private static bool Normalise(Arithmetic arithmetic, Memory<double> active, int count, int dimensions)
    {
        double[] norms = new double[count];
        arithmetic.For((count + TaskRows - 1) / TaskRows, task =>
        {
            for (int i = task * TaskRows; i < Math.Min(count, (task + 1) * TaskRows); i++)
            {
                Span<double> row = active.Span.Slice(i * dimensions, dimensions);
                norms[i] = Math.Sqrt(VectorMath.Dot(row, row));
                if (norms[i] > 0) VectorMath.Scale(1 / norms[i], row);
            }
        });
        return !norms.Contains(0);
    }

    // active −= (active · finishedᵀ) · finished
    private static void TakeOff(Arithmetic arithmetic, ReadOnlyMemory<double> finished, int finishedRows, Memory<double> active, int count, int dimensions)
    {
        double[] shares = new double[count * finishedRows];
        DoubleProduct.Add(arithmetic, count, finishedRows, dimensions, 1, active, finished, shares, transposeB: true);
        DoubleProduct.Add(arithmetic, count, dimensions, finishedRows, -1, shares, finished, active);
    }

    // Cholesky's factor in the lower triangle; false where a pivot is too small.
    private static bool Factor(double[] a, int n)
    {
        for (int i = 0; i < n; i++)
        {
            Span<double> row = a.AsSpan(i * n, n);
            for (int j = 0; j < i; j++) row[j] = (row[j] - VectorMath.Dot(row[..j], a.AsSpan(j * n, j))) / a[j * n + j];
            double pivot = row[i] - VectorMath.Dot(row[..i], row[..i]);
            if (!(pivot > LeastPivot)) return false;
            row[i] = Math.Sqrt(pivot);
        }
        return true;
    }

    // Of a lower triangular matrix, with zeros above the diagonal. Threads share the columns.
    private static double[] Inverse(Arithmetic arithmetic, double[] lower, int n)
    {
        const int TaskColumns = 64;
        double[] inverse = new double[n * n];
        arithmetic.For((n + TaskColumns - 1) / TaskColumns, task =>
        {
            int column = task * TaskColumns, width = Math.Min(TaskColumns, n - column);
            for (int i = column; i < n; i++)
            {
                Span<double> row = inverse.AsSpan(i * n + column, width);
                for (int j = column; j < i; j++) VectorMath.AddScaled(-lower[i * n + j], inverse.AsSpan(j * n + column, width), row);
                if (i < column + width) row[i - column] += 1;
                VectorMath.Scale(1 / lower[i * n + i], row);
            }
        });
        return inverse;
    }
}

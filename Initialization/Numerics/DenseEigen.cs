using MathNet.Numerics.LinearAlgebra;

namespace EvenNet.Initialization;

/// <summary>Eigenpairs of a small symmetric matrix by MathNet's Householder reduction and implicit QL, in double.</summary>
internal static class DenseEigen
{
    /// <summary>All pairs, descending. matrix: n×n; vectors: n×n, one a row.</summary>
    public static (double[] Values, double[] Vectors) All(double[] matrix, int n)
    {
        var evd = Matrix<double>.Build.Dense(n, n, (double[])matrix.Clone()).Evd(Symmetricity.Symmetric);
        double[] ascending = [.. evd.EigenValues.Select(value => value.Real)], values = new double[n], vectors = new double[n * n];
        int[] order = [.. Enumerable.Range(0, n).OrderByDescending(i => ascending[i])];
        double[] columns = evd.EigenVectors.ToColumnMajorArray();
        for (int i = 0; i < n; i++)
        {
            values[i] = ascending[order[i]];
            columns.AsSpan(order[i] * n, n).CopyTo(vectors.AsSpan(i * n));
        }
        return (values, vectors);
    }

    /// <summary>The <paramref name="count"/> largest pairs.</summary>
    public static EigenPairs Largest(Arithmetic arithmetic, double[] matrix, int n, int count)
    {
        var (values, vectors) = All(matrix, n);
        double[] kept = vectors[..(count * n)], image = new double[kept.Length];
        DoubleProduct.Add(arithmetic, count, n, n, 1, kept, matrix, image);
        return Checked(n, values[..count], kept, image, 0);
    }

    /// <summary>The pairs with their residual. image: the vectors times the matrix, in double; destroyed.</summary>
    public static EigenPairs Checked(int n, double[] values, double[] vectors, double[] image, int products)
    {
        double worst = 0;
        for (int i = 0; i < values.Length; i++)
        {
            Span<double> rest = image.AsSpan(i * n, n);
            VectorMath.AddScaled(-values[i], vectors.AsSpan(i * n, n), rest);
            worst = Math.Max(worst, Math.Sqrt(VectorMath.Dot(rest, rest)));
        }
        return new(n, values, vectors, values[0] > 0 ? worst / values[0] : worst, products);
    }
}

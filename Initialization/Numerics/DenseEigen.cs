namespace EvenNet.Initialization;

/// <summary>Eigenpairs of a small symmetric matrix, all of them, in double.</summary>
internal static class DenseEigen
{
    private const int TaskRows = 16;

    /// <summary>All pairs, descending. matrix: n×n; vectors: n×n, one a row.</summary>
    public static (double[] Values, double[] Vectors) All(Arithmetic arithmetic, double[] matrix, int n)
    {
        var form = new TridiagonalForm(arithmetic, (double[])matrix.Clone(), n);
        var ql = new ImplicitQl(arithmetic, form.Diagonal, form.Beside);
        int[] order = [.. Enumerable.Range(0, n).OrderByDescending(i => ql.Values[i])];
        double[] vectors = new double[(long)n * n];
        arithmetic.For((n + TaskRows - 1) / TaskRows, task =>
        {
            for (int i = task * TaskRows; i < Math.Min(n, (task + 1) * TaskRows); i++)
            {
                Span<double> vector = vectors.AsSpan(i * n, n);
                ql.Vectors.AsSpan(order[i] * n, n).CopyTo(vector);
                form.Turn(vector);
            }
        });
        return ([.. order.Select(i => ql.Values[i])], vectors);
    }

    /// <summary>The <paramref name="count"/> largest pairs.</summary>
    public static EigenPairs Largest(Arithmetic arithmetic, double[] matrix, int n, int count)
    {
        var (values, vectors) = All(arithmetic, matrix, n);
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

using EvenNet.Framework;

namespace EvenNet.Initialization;

/// <summary>A random matrix with orthonormal rows, or, where there are more rows than columns, orthonormal columns (Saxe et al. 2014, §3).</summary>
internal static class OrthonormalMatrix
{
    /// <summary>
    /// Fills <paramref name="weights"/>, rows × columns. The longer side's vectors are Gaussian and made orthonormal one after the other, which gives the
    /// same uniform distribution as the singular vectors of a Gaussian matrix.
    /// </summary>
    public static void Fill(Backend backend, float[] weights, int rows, int columns, RandomSource random)
    {
        int vectors = Math.Min(rows, columns), length = Math.Max(rows, columns);
        float[] drawn = new float[(long)vectors * length];
        random.FillGaussian(drawn, backend.For);
        double[] basis = new double[drawn.Length];
        backend.For(vectors, v =>
        {
            for (int i = v * length; i < (v + 1) * length; i++) basis[i] = drawn[i];
        });
        // Gaussian rows are never dependent, but a generator could be.
        if (!RowOrthonormalizer.Apply(new Arithmetic(backend), basis, vectors, length)) OrthonormalRows.Complete(new Arithmetic(backend), basis, length, finished: 0, vectors, random);
        bool isTall = rows > columns;
        backend.For(rows, r =>
        {
            for (int c = 0; c < columns; c++) weights[r * columns + c] = (float)(isTall ? basis[c * length + r] : basis[r * length + c]);
        });
    }
}

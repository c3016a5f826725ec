using EvenNet.Framework;

namespace EvenNet.Tests;

/// <summary>Symmetric matrices whose eigenvalues are known because they were put in.</summary>
internal static class SpectrumMatrix
{
    /// <summary>
    /// H₁ … Hₙ · diag(values) · Hₙ … H₁ with random Householder reflections H: a dense matrix with exactly these eigenvalues
    /// up to rounding in double, and its eigenvectors, one a row, in the order of the values.
    /// </summary>
    public static (double[] Matrix, double[] Vectors) Of(double[] values, ulong seed, int reflections = 8)
    {
        int d = values.Length;
        double[] matrix = new double[d * d], vectors = new double[d * d];
        for (int i = 0; i < d; i++) (matrix[i * d + i], vectors[i * d + i]) = (values[i], 1);
        var random = new Philox(seed, RandomPurpose.Weights);
        for (int reflection = 0; reflection < reflections; reflection++)
        {
            float[] draw = new float[d];
            random.FillGaussian(draw);
            double norm = Math.Sqrt(draw.Sum(x => (double)x * x));
            double[] h = [.. draw.Select(x => x / norm)];
            Reflect(matrix, h, rows: true);
            Reflect(matrix, h, rows: false);
            Reflect(vectors, h, rows: true);
        }
        for (int i = 0; i < d; i++)
            for (int j = 0; j < i; j++) matrix[i * d + j] = matrix[j * d + i];
        return (matrix, vectors);
    }

    // Each row (or column) x becomes x − 2 (h·x) h.
    private static void Reflect(double[] x, double[] h, bool rows)
    {
        int d = h.Length;
        if (rows)
        {
            for (int i = 0; i < d; i++)
            {
                double share = 0;
                for (int j = 0; j < d; j++) share += x[i * d + j] * h[j];
                for (int j = 0; j < d; j++) x[i * d + j] -= 2 * share * h[j];
            }
            return;
        }
        double[] shares = new double[d];
        for (int i = 0; i < d; i++)
            for (int j = 0; j < d; j++) shares[j] += x[i * d + j] * h[i];
        for (int i = 0; i < d; i++)
            for (int j = 0; j < d; j++) x[i * d + j] -= 2 * h[i] * shares[j];
    }
}

using EvenNet.Framework;
using EvenNet.Initialization;
using System.Diagnostics;

namespace EvenNet.Tests;

public sealed class DoubleProductTests
{
    [TestCase(1, 1, 1)]
    [TestCase(4, 12, 256)]
    [TestCase(5, 13, 257)]
    [TestCase(33, 49, 600)]
    [TestCase(70, 7, 3)]
    public void The_product_is_that_of_plain_loops(int m, int n, int k)
    {
        double[] a = Draw(m * k, 1), b = Draw(k * n, 2), c = Draw(m * n, 3), expected = (double[])c.Clone();
        for (int i = 0; i < m; i++)
            for (int j = 0; j < n; j++)
                for (int l = 0; l < k; l++) expected[i * n + j] -= 0.5 * a[i * k + l] * b[l * n + j];

        DoubleProduct.Add(PlainProduct.Arithmetic(), m, n, k, -0.5, a, b, c);
        Assert.That(c, Is.EqualTo(expected).Within(1e-12));
    }

    [Test]
    public void A_transposed_matrix_has_rows_for_columns()
    {
        double[] a = Draw(37 * 21, 1), transposed = DoubleProduct.Transpose(a, 37, 21);
        for (int i = 0; i < 37; i++)
            for (int j = 0; j < 21; j++) Assert.That(transposed[j * 37 + i], Is.EqualTo(a[i * 21 + j]));
    }

    [Test]
    [Explicit("A measurement.")]
    public void Speed()
    {
        foreach (int threads in new[] { 1, 2 })
            for (int i = 0; i < 3; i++)
            {
                double[] a = Draw(448 * 2304, 1), b = Draw(2304 * 2304, 2), c = new double[448 * 2304];
                Arithmetic arithmetic = PlainProduct.Arithmetic(threads);
                var watch = Stopwatch.StartNew();
                DoubleProduct.Add(arithmetic, 448, 2304, 2304, 1, a, b, c);
                TestContext.Out.WriteLine($"double, {threads} threads: {2.0 * 448 * 2304 * 2304 / watch.Elapsed.TotalSeconds / 1e9:F1} GFLOP/s");
                float[] x = new float[a.Length], y = new float[b.Length], z = new float[c.Length];
                watch.Restart();
                arithmetic.Product(false, false, 448, 2304, 2304, x, y, z);
                TestContext.Out.WriteLine($"plain float, {threads} threads: {2.0 * 448 * 2304 * 2304 / watch.Elapsed.TotalSeconds / 1e9:F1} GFLOP/s");
            }
    }

    private static double[] Draw(int count, int index)
    {
        float[] draw = new float[count];
        new Philox(1, RandomPurpose.Weights, index).FillGaussian(draw);
        return [.. draw.Select(x => (double)x)];
    }
}

using EvenNet.Initialization;
using System.Numerics;

namespace EvenNet.Tests;

/// <summary>A matrix product for tests of what stands on one: short, tolerably fast, and the same bits for any number of threads.</summary>
internal static class PlainProduct
{
    private const int Rows = 4, Vectors = 3;

    public static Arithmetic Arithmetic(int threads = 0) => new(Gemm(threads), threads);

    public static MatrixProduct Gemm(int threads = 0) =>
        (transposeA, transposeB, m, n, k, a, b, c, accumulate) => Multiply(threads, transposeA, transposeB, m, n, k, a, b, c, accumulate);

    private static unsafe void Multiply(
        int threads, bool transposeA, bool transposeB, int m, int n, int k, ReadOnlySpan<float> a, ReadOnlySpan<float> b, Span<float> c, bool accumulate)
    {
        Assert.That((a.Length >= m * k, b.Length >= k * n, c.Length >= m * n), Is.EqualTo((true, true, true)), "operands too short for the product");
        int width = Vectors * Vector<float>.Count, panels = (n + width - 1) / width, tiles = (m + Rows - 1) / Rows;
        float[] packedA = new float[tiles * Rows * k], packedB = new float[panels * width * k];
        for (int l = 0; l < k; l++)
        {
            for (int i = 0; i < m; i++) packedA[(i / Rows * k + l) * Rows + i % Rows] = transposeA ? a[l * m + i] : a[i * k + l];
            for (int j = 0; j < n; j++) packedB[(j / width * k + l) * width + j % width] = transposeB ? b[j * k + l] : b[l * n + j];
        }
        if (!accumulate) c[..(m * n)].Clear();
        fixed (float* pa = packedA, pb = packedB, pc = c)
        {
            float* left = pa, right = pb, result = pc;
            var options = new ParallelOptions { MaxDegreeOfParallelism = threads > 0 ? threads : Environment.ProcessorCount };
            Parallel.For(0, panels, options, panel =>
            {
                for (int tile = 0; tile < tiles; tile++)
                    Tile(left + tile * Rows * k, right + panel * width * k, k, result, n, tile * Rows, Math.Min(m, (tile + 1) * Rows), panel * width, Math.Min(n, (panel + 1) * width));
            });
        }
    }

    private static unsafe void Tile(float* a, float* b, int k, float* c, int n, int top, int bottom, int left, int right)
    {
        int width = Vector<float>.Count;
        Vector<float> s00 = default, s01 = default, s02 = default, s10 = default, s11 = default, s12 = default;
        Vector<float> s20 = default, s21 = default, s22 = default, s30 = default, s31 = default, s32 = default;
        for (int l = 0; l < k; l++, a += Rows, b += Vectors * width)
        {
            Vector<float> b0 = Vector.Load(b), b1 = Vector.Load(b + width), b2 = Vector.Load(b + 2 * width);
            Vector<float> x0 = new(a[0]), x1 = new(a[1]), x2 = new(a[2]), x3 = new(a[3]);
            (s00, s01, s02) = (Vector.MultiplyAddEstimate(x0, b0, s00), Vector.MultiplyAddEstimate(x0, b1, s01), Vector.MultiplyAddEstimate(x0, b2, s02));
            (s10, s11, s12) = (Vector.MultiplyAddEstimate(x1, b0, s10), Vector.MultiplyAddEstimate(x1, b1, s11), Vector.MultiplyAddEstimate(x1, b2, s12));
            (s20, s21, s22) = (Vector.MultiplyAddEstimate(x2, b0, s20), Vector.MultiplyAddEstimate(x2, b1, s21), Vector.MultiplyAddEstimate(x2, b2, s22));
            (s30, s31, s32) = (Vector.MultiplyAddEstimate(x3, b0, s30), Vector.MultiplyAddEstimate(x3, b1, s31), Vector.MultiplyAddEstimate(x3, b2, s32));
        }
        Span<Vector<float>> sums = [s00, s01, s02, s10, s11, s12, s20, s21, s22, s30, s31, s32];
        for (int i = top; i < bottom; i++)
            for (int j = left; j < right; j++)
                c[i * n + j] += sums[(i - top) * Vectors + (j - left) / width][(j - left) % width];
    }
}

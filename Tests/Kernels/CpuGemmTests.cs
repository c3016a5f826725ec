using System.Runtime.InteropServices;
using EvenNet.Kernels.Cpu;

namespace EvenNet.Tests.Kernels;

public sealed unsafe class CpuGemmTests
{
    /// <summary>m, n, k. Odd sizes around tiles and vectors; then shapes that cross the blocks of each path.</summary>
    private static readonly (int M, int N, int K)[] Shapes =
    [
        (1, 1, 1), (1, 17, 1), (2, 1, 13), (13, 2, 17), (17, 33, 2), (33, 13, 100), (100, 257, 33), (257, 100, 13), (33, 33, 257),
        (1, 257, 257), (2, 100, 33), (5, 31, 5), (3, 6, 48), (7, 64, 19), (14, 32, 16), (15, 33, 17), (25, 40, 64), (64, 48, 130),
        (100, 3, 700), (257, 257, 257), (65, 70, 1100), (4, 50, 2100), (30, 20, 2060), (1, 4200, 20), (20, 2300, 13), (17, 2300, 460), (3, 2300, 85), (2100, 40, 30), (66, 3100, 18),
    ];

    [Test, Combinatorial]
    public void Any_shape_agrees_with_plain_loops([Values(128, 256, 512)] int bits, [Values] bool transposeA, [Values] bool transposeB)
    {
        VectorWidth width = Width(bits);
        using var threads = new Threads(2);
        using var gemm = new CpuGemm(threads, width);
        foreach ((int m, int n, int k) in Shapes)
        {
            using var problem = new Problem(transposeA, transposeB, m, n, k);
            problem.CheckAgainstLoops(gemm, alpha: 1, accumulate: false);
            problem.CheckAgainstLoops(gemm, alpha: -0.75f, accumulate: true);
        }
    }

    [Test, Combinatorial]
    public void The_number_of_threads_changes_no_bit([Values(128, 256, 512)] int bits, [Values] bool transposeB)
    {
        VectorWidth width = Width(bits);
        using Threads one = new(1), two = new(2), three = new(3);
        using CpuGemm alone = new(one, width), pair = new(two, width), trio = new(three, width);
        foreach ((int m, int n, int k) in new[] { (300, 500, 900), (8, 500, 700), (1, 3000, 300), (4, 3000, 100), (40, 100, 3000) })
        {
            using var problem = new Problem(transposeA: false, transposeB, m, n, k);
            float[] expected = problem.Run(alone, alpha: 1, accumulate: true);
            Assert.That(problem.Run(pair, alpha: 1, accumulate: true), Is.EqualTo(expected), $"{m}×{n}×{k}, 2 threads");
            Assert.That(problem.Run(trio, alpha: 1, accumulate: true), Is.EqualTo(expected), $"{m}×{n}×{k}, 3 threads");
        }
    }

    [Test, Combinatorial]
    public void A_value_that_is_not_a_number_spoils_its_row_or_column_and_nothing_else(
        [Values(128, 256, 512)] int bits, [Values] bool transposeA, [Values] bool transposeB)
    {
        VectorWidth width = Width(bits);
        using var threads = new Threads(1);
        using var gemm = new CpuGemm(threads, width);
        foreach ((int m, int n, int k) in new[] { (3, 45, 100), (70, 75, 40), (3, 17, 7) })
        {
            using var problem = new Problem(transposeA, transposeB, m, n, k);
            for (int spoilt = 0; spoilt < k; spoilt += k - 1)
            {
                *problem.A(m - 1, spoilt) = float.NaN;
                *problem.B(spoilt, n - 1) = float.PositiveInfinity;
                float[] c = problem.Run(gemm, alpha: 1, accumulate: false);
                for (int i = 0; i < m; i++)
                {
                    for (int j = 0; j < n; j++)
                        Assert.That(float.IsFinite(c[i * n + j]), Is.EqualTo(i < m - 1 && j < n - 1), $"C[{i}, {j}] of {m}×{n}×{k}");
                }
            }
        }
    }

    [Test]
    public void Nothing_to_sum_clears_or_keeps_C()
    {
        using var threads = new Threads(1);
        using var gemm = new CpuGemm(threads, VectorWidth.Widest);
        float* c = stackalloc float[] { 1, 2, 3, 4, 5, 6 };
        gemm.Multiply(false, false, 2, 2, 0, 1, null, 0, null, 2, accumulate: true, c, 3);
        Assert.That(new Span<float>(c, 6).ToArray(), Is.EqualTo(new float[] { 1, 2, 3, 4, 5, 6 }));
        gemm.Multiply(false, false, 2, 2, 0, 1, null, 0, null, 2, accumulate: false, c, 3);
        Assert.That(new Span<float>(c, 6).ToArray(), Is.EqualTo(new float[] { 0, 0, 3, 0, 0, 6 }));
        gemm.Multiply(false, false, 0, 2, 5, 1, null, 5, c, 2, accumulate: false, c, 3);
        gemm.Multiply(false, false, 2, 0, 5, 1, c, 5, null, 0, accumulate: false, c, 3);
        Assert.That(new Span<float>(c, 6).ToArray(), Is.EqualTo(new float[] { 0, 0, 3, 0, 0, 6 }));
    }

    [Test]
    public void A_product_allocates_nothing([Values(1, 2)] int threadCount)
    {
        using var threads = new Threads(threadCount);
        using var gemm = new CpuGemm(threads, VectorWidth.Widest);
        foreach ((int m, int n, int k) in new[] { (100, 100, 300), (8, 500, 300), (2, 300, 100) })
        {
            foreach (bool transposeB in new[] { false, true })
            {
                using var problem = new Problem(transposeA: false, transposeB, m, n, k);
                Assert.That(Allocations.Of(threads, () => problem.Multiply(gemm, alpha: 1, accumulate: false), count: 10), Is.Zero, $"{m}×{n}×{k}");
            }
        }
    }

    private static VectorWidth Width(int bits)
    {
        if (bits > VectorWidth.Widest.Bits) Assert.Ignore($"this processor has no {bits}-bit vectors");
        return VectorWidth.Available.Single(width => width.Bits == bits);
    }

    /// <summary>Random operands at odd addresses, with gaps between the rows, and a C whose gaps are watched.</summary>
    private sealed class Problem : IDisposable
    {
        private const float Gap = 12345;

        private readonly bool transposeA, transposeB;
        private readonly int m, n, k, lda, ldb, ldc;
        private readonly float* a, b, c;
        private readonly float[] initial;

        public Problem(bool transposeA, bool transposeB, int m, int n, int k)
        {
            (this.transposeA, this.transposeB, this.m, this.n, this.k) = (transposeA, transposeB, m, n, k);
            lda = (transposeA ? m : k) + 3;
            ldb = (transposeB ? k : n) + 1;
            ldc = n + 5;
            var random = new Random(m * 7919 + n * 31 + k);
            // Exactly as long as needed, so that the gap behind the last row is not the product's to read.
            a = Allocate(((transposeA ? k : m) - 1) * lda + (transposeA ? m : k), random);
            b = Allocate(((transposeB ? n : k) - 1) * ldb + (transposeB ? k : n), random);
            c = Allocate(m * ldc, random);
            for (int i = 0; i < m; i++) new Span<float>(c + i * ldc + n, ldc - n).Fill(Gap);
            initial = new Span<float>(c, m * ldc).ToArray();
        }

        public float* A(int i, int step) => transposeA ? a + step * lda + i : a + i * lda + step;

        public float* B(int step, int j) => transposeB ? b + j * ldb + step : b + step * ldb + j;

        public void Multiply(CpuGemm gemm, float alpha, bool accumulate) =>
            gemm.Multiply(transposeA, transposeB, m, n, k, alpha, a, lda, b, ldb, accumulate, c, ldc);

        /// <summary>C without its gaps, which must be as they were.</summary>
        public float[] Run(CpuGemm gemm, float alpha, bool accumulate)
        {
            initial.CopyTo(new Span<float>(c, m * ldc));
            for (int i = 0; i < m && !accumulate; i++) new Span<float>(c + i * ldc, n).Fill(float.NaN);
            Multiply(gemm, alpha, accumulate);
            var result = new float[m * n];
            for (int i = 0; i < m; i++)
            {
                new Span<float>(c + i * ldc, n).CopyTo(result.AsSpan(i * n));
                Assert.That(new Span<float>(c + i * ldc + n, ldc - n).ToArray(), Is.All.EqualTo(Gap), $"the gap after row {i} of {m}×{n}×{k}");
            }
            return result;
        }

        public void CheckAgainstLoops(CpuGemm gemm, float alpha, bool accumulate)
        {
            float[] result = Run(gemm, alpha, accumulate);
            for (int i = 0; i < m; i++)
            {
                for (int j = 0; j < n; j++)
                {
                    double sum = 0, size = 0;
                    for (int step = 0; step < k; step++)
                    {
                        double term = (double)*A(i, step) * *B(step, j);
                        sum += term;
                        size += Math.Abs(term);
                    }
                    double start = accumulate ? initial[i * ldc + j] : 0, expected = start + alpha * sum;
                    // A float32 sum of k terms is off by at most k half-units of the terms' sizes, and by their root as a rule.
                    double tolerance = 4 * Math.Sqrt(k) * Math.Pow(2, -24) * (size + Math.Abs(start));
                    if (!(Math.Abs(result[i * n + j] - expected) <= tolerance))
                        Assert.Fail($"C[{i}, {j}] of {m}×{n}×{k}: {result[i * n + j]}, expected {expected} ± {tolerance}");
                }
            }
        }

        public void Dispose()
        {
            NativeMemory.Free(a - 1);
            NativeMemory.Free(b - 1);
            NativeMemory.Free(c - 1);
        }

        private static float* Allocate(int count, Random random)
        {
            float* values = (float*)NativeMemory.Alloc((nuint)count + 1, sizeof(float)) + 1;
            for (int i = 0; i < count; i++) values[i] = random.NextSingle() * 2 - 1;
            return values;
        }
    }
}

using EvenNet.Framework;
using EvenNet.Initialization;
using EvenNet.Kernels.Cpu;
using MathNet.Numerics.LinearAlgebra;
using System.Diagnostics;

namespace EvenNet.Tests;

public sealed class SymmetricEigenTests
{
    /// <summary>A matrix, and how many of its pairs are wanted.</summary>
    public sealed record Problem(string Name, int Dimensions, int Count, Func<int, double> Spectrum)
    {
        public double[] Values => [.. Enumerable.Range(0, Dimensions).Select(Spectrum)];

        public override string ToString() => $"{Name}, {Count} of {Dimensions}";
    }

    private static Problem[] Problems =>
    [
        new("1/i", 363, 96, i => 1000.0 / (i + 1)),
        new("1/i", 600, 100, i => 1000.0 / (i + 1)),
        new("1/i", 1200, 128, i => 1000.0 / (i + 1)),
        new("1/i, nearly half", 600, 290, i => 1.0 / (i + 1)),
        new("1/i²", 600, 100, i => 1e6 / ((i + 1.0) * (i + 1))),
        new("one huge", 600, 64, i => i == 0 ? 1e6 : 10.0 / (i + 1)),
        new("clusters of twenty", 600, 90, i => Math.Pow(0.6, i / 20)),
        new("all equal", 500, 40, _ => 3),
        new("two levels", 600, 50, i => i < 70 ? 5 : 1),
        new("flat", 1200, 64, i => 2 - i / 1200.0),
        new("rank below the count", 600, 100, i => i < 60 ? 1.0 / (i + 1) : 0),
        new("rank between count and block", 600, 100, i => i < 108 ? 1.0 / (i + 1) : 0),
        new("rank one", 450, 30, i => i == 0 ? 7 : 0),
        new("zero", 450, 10, _ => 0),
        new("exponential", 700, 80, i => Math.Exp(-i / 6.0)),
    ];

    [TestCaseSource(nameof(Problems))]
    public void The_largest_pairs_are_those_that_were_put_in(Problem problem)
    {
        int d = problem.Dimensions, k = problem.Count;
        double[] values = problem.Values;
        var (matrix, _) = SpectrumMatrix.Of(values, seed: 5);
        var watch = Stopwatch.StartNew();
        EigenPairs pairs = new SymmetricEigen(PlainProduct.Arithmetic()).Largest(matrix, d, k, new Philox(1, RandomPurpose.Eigenvectors));
        TestContext.Out.WriteLine($"{problem}: residual {pairs.Residual:E1}, {pairs.Products} products, {watch.Elapsed.TotalSeconds:F2} s");

        double valueError = 0, unitError = 0, diagonalError = 0;
        double[] image = Image(pairs, matrix);
        for (int i = 0; i < k; i++)
        {
            valueError = Math.Max(valueError, Math.Abs(pairs.Values[i] - values[i]) - 1e-5 * values[i] - 1e-9 * values[0]);
            for (int j = 0; j <= i; j++)
            {
                unitError = Math.Max(unitError, Math.Abs(Dot(pairs.Vector(i), pairs.Vector(j)) - (i == j ? 1 : 0)));
                if (i == j || pairs.Values[i] <= EigenPairs.ZeroShare * pairs.Values[0]) continue;
                double correlation = Dot(pairs.Vector(i), image.AsSpan(j * d, d)) / Math.Sqrt(pairs.Values[i] * pairs.Values[j]);
                diagonalError = Math.Max(diagonalError, Math.Abs(correlation));
            }
        }
        Assert.Multiple(() =>
        {
            Assert.That(pairs.Residual, Is.LessThan(1e-5));
            Assert.That(valueError, Is.Zero, "eigenvalues, beyond 1e-5 of each and 1e-9 of the largest");
            Assert.That(unitError, Is.LessThan(1e-10), "orthonormal vectors");
            Assert.That(diagonalError, Is.LessThan(1e-6), "correlation of projections");
            Assert.That(pairs.Rank, Is.EqualTo(values.Take(k).Count(value => value > 1e-7 * values[0])));
            Assert.That(pairs.Values, Is.Ordered.Descending);
        });
    }

    [TestCase(363, 96)]
    [TestCase(600, 128)]
    [TestCase(1200, 128)]
    public void The_pairs_of_a_covariance_are_those_of_the_full_dense_solver(int d, int k)
    {
        double[] matrix = SampleCovariance(d, samples: 2 * d);
        EigenPairs pairs = new SymmetricEigen(PlainProduct.Arithmetic()).Largest(matrix, d, k, new Philox(1, RandomPurpose.Eigenvectors));

        var watch = Stopwatch.StartNew();
        var evd = Matrix<double>.Build.Dense(d, d, (double[])matrix.Clone()).Evd(Symmetricity.Symmetric);
        TestContext.Out.WriteLine($"MathNet, all {d}: {watch.Elapsed.TotalSeconds:F2} s; ours: residual {pairs.Residual:E1}, {pairs.Products} products");
        double[] expected = [.. evd.EigenValues.Select(value => value.Real).OrderDescending().Take(k)];
        double captured = 0;
        for (int i = 0; i < k; i++)
        {
            Assert.That(pairs.Values[i], Is.EqualTo(expected[i]).Within(1e-6 * expected[i]), $"eigenvalue {i}");
            double[] vector = evd.EigenVectors.Column(d - 1 - i).ToArray();
            for (int j = 0; j < k; j++) captured += Math.Pow(Dot(pairs.Vector(j), vector), 2) / k;
        }
        Assert.That(captured, Is.GreaterThan(1 - 1e-6), "share of the true subspace");
    }

    [Test]
    public void The_largest_entry_of_each_vector_is_positive([Values(40, 450)] int d)
    {
        var (matrix, _) = SpectrumMatrix.Of([.. Enumerable.Range(0, d).Select(i => 1.0 / (i + 1))], seed: 9);
        EigenPairs pairs = new SymmetricEigen(PlainProduct.Arithmetic()).Largest(matrix, d, 20, new Philox(1, RandomPurpose.Eigenvectors));
        for (int i = 0; i < 20; i++)
        {
            double[] vector = pairs.Vector(i).ToArray();
            Assert.That(vector.MaxBy(Math.Abs), Is.Positive, $"vector {i}");
        }
    }

    [Test]
    public void The_number_of_threads_changes_no_bit()
    {
        var (matrix, _) = SpectrumMatrix.Of([.. Enumerable.Range(0, 500).Select(i => 1.0 / (i + 1))], seed: 3);
        EigenPairs one = new SymmetricEigen(PlainProduct.Arithmetic(1)).Largest(matrix, 500, 60, new Philox(1, RandomPurpose.Eigenvectors));
        EigenPairs three = new SymmetricEigen(PlainProduct.Arithmetic(3)).Largest(matrix, 500, 60, new Philox(1, RandomPurpose.Eigenvectors));
        Assert.That((one.Values, one.Vectors), Is.EqualTo((three.Values, three.Vectors)));
    }

    [Test]
    public void Wrong_sizes_and_values_that_are_not_finite_are_refused()
    {
        var eigen = new SymmetricEigen(PlainProduct.Arithmetic());
        var random = new Philox(1, RandomPurpose.Eigenvectors);
        double[] broken = [1, 0, 0, double.NaN];
        Assert.Multiple(() =>
        {
            Assert.That(() => eigen.Largest(new double[5], 2, 1, random), Throws.ArgumentException.With.Message.Contains("2×2 has not 5"));
            Assert.That(() => eigen.Largest(new double[4], 2, 3, random), Throws.ArgumentException.With.Message.Contains("has not 3 eigenpairs"));
            Assert.That(() => eigen.Largest(broken, 2, 1, random), Throws.ArgumentException.With.Message.Contains("NaN at (1, 1)"));
        });
    }

    [Test]
    [Explicit("A measurement; minutes to build the matrix.")]
    [TestCase(1200, 128)]
    [TestCase(1728, 192)]
    [TestCase(2304, 384)]
    [TestCase(4608, 512)]
    public void Time_of_a_layer(int d, int k)
    {
        using var backend = new CpuBackend();
        var arithmetic = new Arithmetic(backend.Gemm);
        foreach (double power in new[] { 1.0, 2.0 })
        {
            var (matrix, _) = SpectrumMatrix.Of([.. Enumerable.Range(0, d).Select(i => Math.Pow(i + 1, -power))], seed: 1, reflections: 2);
            for (int i = 0; i < 2; i++)
            {
                var watch = Stopwatch.StartNew();
                TimeSpan before = Process.GetCurrentProcess().TotalProcessorTime;
                EigenPairs pairs = new SymmetricEigen(arithmetic).Largest(matrix, d, k, new Philox(1, RandomPurpose.Eigenvectors));
                double processor = (Process.GetCurrentProcess().TotalProcessorTime - before).TotalSeconds;
                TestContext.Out.WriteLine($"{k} of {d}, i^-{power}: {watch.Elapsed.TotalSeconds:F2} s, processor {processor:F2} s, {pairs.Products} products, residual {pairs.Residual:E1}");
            }
        }
    }

    internal static double[] SampleCovariance(int d, int samples)
    {
        var random = new Philox(4, RandomPurpose.Weights);
        float[] rows = new float[samples * d];
        random.FillGaussian(rows);
        // Neighbouring columns are alike, as pixels are: a running mean of what is independent.
        for (int r = 0; r < samples; r++)
            for (int j = 1; j < d; j++) rows[r * d + j] = 0.9f * rows[r * d + j - 1] + 0.43f * rows[r * d + j];
        var covariance = new Covariance(PlainProduct.Arithmetic(), d);
        covariance.Add(rows);
        return covariance.Values();
    }

    private static double[] Image(EigenPairs pairs, double[] matrix)
    {
        int d = pairs.Dimensions;
        double[] image = new double[pairs.Vectors.Length];
        Parallel.For(0, pairs.Values.Length, i =>
        {
            for (int j = 0; j < d; j++) image[i * d + j] = Dot(pairs.Vector(i), matrix.AsSpan(j * d, d));
        });
        return image;
    }

    private static double Dot(ReadOnlySpan<double> a, ReadOnlySpan<double> b)
    {
        double sum = 0;
        for (int i = 0; i < a.Length; i++) sum += a[i] * b[i];
        return sum;
    }
}

using EvenNet.Framework;
using EvenNet.Initialization;

namespace EvenNet.Tests;

public sealed class WhiteningTests
{
    private static RandomSource Random => new Philox(1, RandomPurpose.Eigenvectors);

    // d, filters, power of the falling spectrum: the last kept eigenvalue is filters^-power of the first.
    [TestCase(27, 27, 1.5)]
    [TestCase(75, 20, 2.0)]
    [TestCase(450, 100, 3.0)]
    public void Whitened_patches_and_the_filters_answers_are_uncorrelated_with_unit_variance(int d, int filters, double power)
    {
        const int count = 6000;
        float[] patches = Patches(d, count, power);
        Whitening whitening = Of(patches, d, filters);
        float[] whitened = new float[count * whitening.Dimensions];
        whitening.Apply(patches, whitened);

        // The filters as a layer applies them: to patches that nobody has centred.
        float[] answers = new float[count * filters];
        PlainProduct.Gemm()(false, true, count, filters, d, patches, whitening.Filters(), answers);
        Assert.Multiple(() =>
        {
            Assert.That(whitening.Dimensions, Is.EqualTo(filters));
            Assert.That(WorstFromUnit(whitened, filters), Is.LessThan(1e-3), "whitened");
            Assert.That(WorstFromUnit(answers, filters), Is.LessThan(1e-3), "answers");
            Assert.That(Mean(whitened, filters), Is.All.EqualTo(0).Within(1e-3));
        });
    }

    [Test]
    public void More_filters_than_rank_give_as_many_dimensions_as_the_rank()
    {
        // 40 dimensions that 9 numbers decide, and one that never changes.
        const int d = 40, count = 500;
        float[] factors = new float[count * 9], mixing = new float[9 * d], patches = new float[count * d];
        new Philox(1, RandomPurpose.Weights, 1).FillGaussian(factors);
        new Philox(1, RandomPurpose.Weights, 2).FillGaussian(mixing);
        PlainProduct.Gemm()(false, false, count, d, 9, factors, mixing, patches);
        for (int r = 0; r < count; r++) patches[r * d] = 11;

        // Rounding in float32 may look like further directions at first; whitened, they have next to no variance.
        Whitening rough = Of(patches, d, 32), whitening = Refined(rough, patches);
        float[] whitened = new float[count * whitening.Dimensions];
        whitening.Apply(patches, whitened);
        Assert.Multiple(() =>
        {
            Assert.That(rough.IsResolved, Is.EqualTo(rough.Rank == 9));
            Assert.That((whitening.Rank, whitening.Dimensions), Is.EqualTo((9, 9)));
            Assert.That(whitening.Filters(), Has.Length.EqualTo(9 * d).And.All.Matches<float>(float.IsFinite));
            Assert.That(WorstFromUnit(whitened, 9), Is.LessThan(1e-3));
        });
    }

    // Variances down to 2e-7 of the largest: below what a covariance summed in float32 tells apart.
    [TestCase(40, 36, 4.2)]
    [TestCase(500, 200, 2.85)]
    public void Refined_whitening_keeps_the_smallest_variances_uncorrelated(int d, int filters, double power)
    {
        const int count = 8000;
        float[] patches = Patches(d, count, power);
        Whitening rough = Of(patches, d, filters), refined = Refined(rough, patches);
        float[] answers = new float[count * filters], before = new float[count * rough.Dimensions];
        refined.Apply(patches, answers);
        rough.Apply(patches, before);
        TestContext.Out.WriteLine($"smallest variance {refined.Variances[^1] / refined.Variances[0]:E1}; worst entry {WorstFromUnit(before, rough.Dimensions):E1} before, {WorstFromUnit(answers, filters):E1} after");
        Assert.Multiple(() =>
        {
            Assert.That(rough.IsResolved, Is.False);
            Assert.That(refined.Dimensions, Is.EqualTo(filters));
            Assert.That(WorstFromUnit(answers, filters), Is.LessThan(1e-3));
            for (int i = 0; i < filters; i += 7)
                for (int j = 0; j <= i; j += 5)
                {
                    double product = Enumerable.Range(0, d).Sum(x => refined.Vectors[i * d + x] * refined.Vectors[j * d + x]);
                    Assert.That(product, Is.EqualTo(i == j ? 1 : 0).Within(1e-10), "directions stay orthonormal");
                }
        });
    }

    [Test]
    public void Patches_that_are_all_equal_have_no_dimensions()
    {
        float[] patches = new float[100 * 12];
        Array.Fill(patches, 3.5f);
        Whitening whitening = Of(patches, 12, 8);
        Assert.That((whitening.Rank, whitening.Dimensions, whitening.Filters().Length), Is.EqualTo((0, 0, 0)));
        Assert.That(() => whitening.Apply(patches, Memory<float>.Empty), Throws.Nothing);
        Assert.That(whitening.Fold([]), Is.Empty);
    }

    [Test]
    public void A_folded_centre_answers_a_centred_patch_as_the_centre_answers_the_whitened_one()
    {
        const int d = 50, m = 12, count = 800, centreCount = 5;
        float[] patches = Patches(d, count, 2), centres = new float[centreCount * m], whitened = new float[count * m];
        Whitening whitening = Of(patches, d, m);
        whitening.Apply(patches, whitened);
        new Philox(1, RandomPurpose.Clusters).FillGaussian(centres);
        float[] filters = whitening.Fold(centres);
        for (int r = 0; r < count; r += 37)
            for (int k = 0; k < centreCount; k++)
            {
                double answer = 0, product = 0;
                for (int j = 0; j < d; j++) answer += filters[k * d + j] * (patches[r * d + j] - whitening.Mean[j]);
                for (int j = 0; j < m; j++) product += centres[k * m + j] * whitened[r * m + j];
                Assert.That(answer, Is.EqualTo(product).Within(1e-4 * m));
            }
    }

    [Test]
    public void Symmetric_filters_of_all_dimensions_whiten_and_are_symmetric()
    {
        const int d = 24, count = 4000;
        float[] patches = Patches(d, count, 1.5), answers = new float[count * d];
        float[] filters = Of(patches, d, d).SymmetricFilters();
        PlainProduct.Gemm()(false, true, count, d, d, patches, filters, answers);
        Assert.That(WorstFromUnit(answers, d), Is.LessThan(1e-3));
        for (int i = 0; i < d; i++)
            for (int j = 0; j < i; j++) Assert.That(filters[i * d + j], Is.EqualTo(filters[j * d + i]).Within(1e-6 * filters.Max()));
    }

    [Test]
    public void The_reference_whitens_the_scatter_and_keeps_directions_without_variance_at_zero()
    {
        // Two directions of variance; the third column is constant, the fourth has a scatter below the program's constant.
        const int count = 1000;
        float[] patches = new float[count * 4];
        for (int r = 0; r < count; r++)
        {
            patches[r * 4] = r % 2 == 0 ? 3 : -3;
            patches[r * 4 + 1] = r % 4 < 2 ? 1 : -1;
            patches[r * 4 + 2] = 5;
            patches[r * 4 + 3] = r % 8 < 4 ? 2e-5f : -2e-5f;
        }
        Covariance covariance = Collect(patches, 4);
        Whitening whitening = Whitening.Reference(PlainProduct.Arithmetic(), covariance, 4, Random);
        Assert.Multiple(() =>
        {
            Assert.That(whitening.Dimensions, Is.EqualTo(4));
            Assert.That(whitening.Variances[0], Is.EqualTo(9000).Within(1e-2));
            Assert.That(whitening.Scales[0], Is.EqualTo(1 / Math.Sqrt(9000 + 1e-3)).Within(1e-8));
            Assert.That(whitening.Scales[1], Is.EqualTo(1 / Math.Sqrt(1000 + 1e-3)).Within(1e-7));
            Assert.That(whitening.Scales[2], Is.Zero);
            Assert.That(whitening.Scales[3], Is.Zero);
        });
    }

    [Test]
    public void Sizes_that_do_not_fit_are_refused()
    {
        float[] patches = Patches(10, 50, 1);
        Whitening whitening = Of(patches, 10, 4);
        Assert.That(() => whitening.Apply(patches, new float[50]), Throws.ArgumentException.With.Message.Contains("500 values of patches of 10"));
        Assert.That(() => whitening.Fold(new float[7]), Throws.ArgumentException.With.Message.Contains("7 values are not whole centres of 4"));
    }

    /// <summary>Rows with a mean like that of pixels and a covariance of spectrum i^−power in a random basis.</summary>
    internal static float[] Patches(int d, int count, double power, ulong seed = 7)
    {
        var (_, basis) = SpectrumMatrix.Of([.. Enumerable.Repeat(1.0, d)], seed);
        float[] mixing = new float[d * d], factors = new float[count * d], patches = new float[count * d];
        for (int i = 0; i < d; i++)
            for (int j = 0; j < d; j++) mixing[i * d + j] = (float)(60 * Math.Sqrt(d) * Math.Pow(i + 1, -power / 2) * basis[i * d + j]);
        new Philox(seed, RandomPurpose.Patches).FillGaussian(factors);
        PlainProduct.Gemm()(false, false, count, d, d, factors, mixing, patches);
        for (int i = 0; i < patches.Length; i++) patches[i] += 110 + i % d % 3;
        return patches;
    }

    internal static Whitening Of(float[] patches, int d, int outputs) => Whitening.Of(PlainProduct.Arithmetic(), Collect(patches, d), outputs, Random);

    private static Whitening Refined(Whitening rough, float[] patches)
    {
        float[] whitened = new float[patches.Length / rough.Inputs * rough.Dimensions];
        rough.Apply(patches, whitened);
        return rough.Refined(Collect(whitened, rough.Dimensions));
    }

    private static Covariance Collect(float[] patches, int d)
    {
        var covariance = new Covariance(PlainProduct.Arithmetic(), d);
        covariance.Add(patches);
        return covariance;
    }

    // Largest difference between the covariance of the rows, in double, and the identity.
    private static double WorstFromUnit(float[] rows, int width)
    {
        double[] mean = Mean(rows, width);
        int count = rows.Length / width;
        double[] worst = new double[width];
        Parallel.For(0, width, i =>
        {
            double[] sums = new double[width];
            for (int r = 0; r < count; r++)
                for (int j = 0; j <= i; j++) sums[j] += (rows[r * width + i] - mean[i]) * (rows[r * width + j] - mean[j]);
            for (int j = 0; j <= i; j++) worst[i] = Math.Max(worst[i], Math.Abs(sums[j] / count - (i == j ? 1 : 0)));
        });
        return worst.Max();
    }

    private static double[] Mean(float[] rows, int width)
    {
        double[] mean = new double[width];
        for (int i = 0; i < rows.Length; i++) mean[i % width] += (double)rows[i] * width / rows.Length;
        return mean;
    }
}

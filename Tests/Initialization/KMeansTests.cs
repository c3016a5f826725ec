using EvenNet.Framework;
using EvenNet.Initialization;
using EvenNet.Kernels.Cpu;
using System.Diagnostics;

namespace EvenNet.Tests;

public sealed class KMeansTests
{
    private const int M = 24, K = 20, Count = 4000;

    /// <summary>Both kinds with one face.</summary>
    public delegate Clustering Method(float[] rows, int m, int clusters, int threads = 0);

    private static readonly Method Spherical = (rows, m, clusters, threads) =>
        new SphericalKMeans(PlainProduct.Arithmetic(threads)).Run(rows, m, clusters, new Philox(1, RandomPurpose.Clusters));

    private static readonly Method MiniBatch = (rows, m, clusters, threads) =>
        new MiniBatchKMeans(PlainProduct.Arithmetic(threads)).Run(rows, m, clusters, new Philox(1, RandomPurpose.Clusters));

    private static TestCaseData[] Methods => [new(Spherical) { TestName = "{m}(spherical)" }, new(MiniBatch) { TestName = "{m}(mini-batch)" }];

    [TestCaseSource(nameof(Methods))]
    public void Planted_directions_are_found(Method method)
    {
        float[] directions = new float[K * M], rows = new float[Count * M];
        new Philox(3, RandomPurpose.Weights, 1).FillGaussian(directions);
        new Philox(3, RandomPurpose.Weights, 2).FillGaussian(rows);
        for (int i = 0; i < rows.Length; i++) rows[i] = directions[i / M % K * M + i % M] + 0.05f * rows[i];
        Clustering found = method(rows, M, K);

        // Every row lies with the rows of its own direction and with no others.
        int[] first = found.Assignments[..K];
        Assert.That(first.Distinct().Count(), Is.EqualTo(K));
        for (int r = 0; r < Count; r++) Assert.That(found.Assignments[r], Is.EqualTo(first[r % K]), $"row {r}");
        Assert.That(found.Sizes, Is.All.EqualTo(Count / K));
    }

    [TestCaseSource(nameof(Methods))]
    public void The_result_is_consistent_in_itself(Method method)
    {
        float[] rows = Whitened();
        Clustering found = method(rows, M, K);
        double[] centres = [.. found.Centres.Select(x => (double)x)];
        double inertia = 0;
        for (int r = 0; r < Count; r++)
        {
            Assert.That(Norm(rows, r), Is.EqualTo(1).Within(1e-6), "rows are scaled in place");
            double own = Distance(rows, r, centres, found.Assignments[r]);
            inertia += own;
            for (int k = 0; k < K; k++) Assert.That(own, Is.LessThanOrEqualTo(Distance(rows, r, centres, k) + 1e-5), $"row {r}");
        }
        Assert.Multiple(() =>
        {
            Assert.That(found.Inertia, Is.EqualTo(inertia).Within(1e-5 * inertia));
            Assert.That(found.Sizes, Is.EqualTo(Enumerable.Range(0, K).Select(k => found.Assignments.Count(a => a == k))));
            Assert.That(found.Sizes, Is.All.Positive);
            Assert.That(found.Skipped, Is.Zero);
        });
    }

    [Test]
    public void Spherical_centres_are_unit_vectors_and_fit_as_well_as_plain_full_batch_k_means()
    {
        float[] rows = Whitened();
        int passes = 0;
        Clustering found = new SphericalKMeans(PlainProduct.Arithmetic()) { Progress = (pass, _) => passes = pass }
            .Run(rows, M, K, new Philox(1, RandomPurpose.Clusters));
        double best = Enumerable.Range(1, 3).Min(seed => PlainKMeans.Run(rows, M, K, 30, (ulong)seed).Inertia);
        TestContext.Out.WriteLine($"inertia {found.Inertia:F1} after {found.Iterations} passes; plain, best of three: {best:F1}; ratio {found.Inertia / best:F4}");
        Assert.Multiple(() =>
        {
            Assert.That(found.Inertia, Is.LessThan(1.02 * best));
            Assert.That(passes, Is.EqualTo(found.Iterations).And.LessThanOrEqualTo(30));
            for (int k = 0; k < K; k++) Assert.That(Norm(found.Centres, k), Is.EqualTo(1).Within(1e-6));
        });
    }

    [Test]
    public void Mini_batches_come_near_plain_full_batch_k_means()
    {
        float[] rows = Whitened();
        Clustering found = MiniBatch(rows, M, K);

        // Its centres are means inside the sphere, so its inertia is Euclid's: compare directions.
        double plain = Enumerable.Range(1, 3).Min(seed => PlainKMeans.Run(rows, M, K, 30, (ulong)seed).Inertia);
        double own = Count * 2 - 2 * Enumerable.Range(0, Count).Sum(r => PlainKMeans.Nearest(rows.AsSpan(r * M, M), Units(found.Centres), M).Cosine);
        TestContext.Out.WriteLine($"{found.Iterations} batches, {found.Reseeds} reseeds; spherical inertia {own:F1}, plain {plain:F1}; ratio {own / plain:F4}");
        Assert.That(own, Is.LessThan(1.06 * plain));
    }

    // Whitened patches and centres that the paper's program and scikit-learn recorded, one call a group of filters.
    [Test]
    public void Mini_batches_fit_recorded_patches_as_well_as_the_recorded_centres([Range(0, 4)] int call)
    {
        var golden = SharedData.Golden("magic_kmeans_cs");
        var (shape, rows) = SharedData.GoldenTensor(golden, $"within/whitened/{call}");
        var (_, centres) = SharedData.GoldenTensor(golden, $"within/centres/{call}");
        int m = shape[1], clusters = centres.Length / m;
        var nearest = new NearestCentres(PlainProduct.Arithmetic(), rows, m, clusters, [.. Enumerable.Range(0, shape[0])]);
        nearest.Assign(centres);

        double[] inertias = new double[5];
        for (uint draw = 0; draw < inertias.Length; draw++)
            inertias[draw] = new MiniBatchKMeans(PlainProduct.Arithmetic()).Run(rows, m, clusters, new Philox(1, RandomPurpose.Clusters, draw: draw)).Inertia;
        TestContext.Out.WriteLine($"{shape[0]} rows, {clusters} clusters: recorded {nearest.Inertia:F3}, ours {string.Join(", ", inertias.Select(i => $"{i:F3}"))}");

        // One run to the next differs by several per cent with so few rows; the middle of five must not be worse.
        Assert.That(inertias.Order().ElementAt(2), Is.LessThan(1.05 * nearest.Inertia));
    }

    [TestCaseSource(nameof(Methods))]
    public void Centres_lie_nearer_to_the_patches_than_random_patches_do(Method method)
    {
        float[] rows = Whitened();
        double[] centres = Units(method(rows, M, K).Centres);
        int[] some = new Philox(9, RandomPurpose.Patches).Choose(K, Count);
        double[] patches = [.. some.SelectMany(r => rows.Skip(r * M).Take(M)).Select(x => (double)x)];

        // A patch that is itself a centre is no test of the random ones.
        int[] others = [.. Enumerable.Range(0, Count).Except(some)];
        double toCentres = others.Average(r => PlainKMeans.Nearest(rows.AsSpan(r * M, M), centres, M).Cosine);
        double toPatches = others.Average(r => PlainKMeans.Nearest(rows.AsSpan(r * M, M), patches, M).Cosine);
        TestContext.Out.WriteLine($"mean largest cosine to centres {toCentres:F3}, to random patches {toPatches:F3}");
        Assert.That(toCentres, Is.GreaterThan(toPatches + 0.02));
    }

    [TestCaseSource(nameof(Methods))]
    public void The_number_of_threads_changes_no_bit(Method method)
    {
        Clustering one = method(Whitened(), M, K, 1), three = method(Whitened(), M, K, 3);
        Assert.That((one.Centres, one.Assignments, one.Inertia, one.Iterations), Is.EqualTo((three.Centres, three.Assignments, three.Inertia, three.Iterations)));
    }

    [TestCaseSource(nameof(Methods))]
    public void Rows_without_a_direction_take_no_part(Method method)
    {
        float[] rows = Whitened();
        rows.AsSpan(10 * M, M).Clear();
        rows.AsSpan(20 * M, M).Fill(1e-11f);
        rows[30 * M + 3] = float.NaN;
        Clustering found = method(rows, M, K);
        Assert.Multiple(() =>
        {
            Assert.That(found.Skipped, Is.EqualTo(3));
            Assert.That(new[] { 10, 20, 30 }.Select(r => found.Assignments[r]), Is.All.EqualTo(-1));
            Assert.That(found.Centres, Is.All.Matches<float>(float.IsFinite));
            Assert.That(found.Sizes.Sum(), Is.EqualTo(Count - 3));
        });
    }

    [TestCaseSource(nameof(Methods))]
    public void Equal_rows_leave_no_cluster_empty_and_no_centre_undefined(Method method)
    {
        float[] rows = new float[60 * M];
        Array.Fill(rows, 1);
        rows[0] = 2;
        Clustering found = method(rows, M, 5);
        Assert.Multiple(() =>
        {
            Assert.That(found.Centres, Is.All.Matches<float>(float.IsFinite));
            Assert.That(found.Sizes, Is.All.Positive);
            Assert.That(found.Inertia, Is.EqualTo(0).Within(0.1));    // a mean of a mini-batch may still hold the odd row
        });
    }

    [Test]
    public void As_many_clusters_as_rows_put_a_centre_on_every_row()
    {
        float[] rows = Whitened()[..(K * M)];
        Clustering found = Spherical(rows, M, K);
        Assert.That(found.Inertia, Is.EqualTo(0).Within(1e-5));
        Assert.That(found.Sizes, Is.All.EqualTo(1));
    }

    [Test]
    public void An_empty_cluster_takes_the_row_that_fits_worst()
    {
        // Two rows at the first centre, one between; the second centre is opposite to all.
        float[] rows = [1, 0, 1, 0, 0.6f, 0.8f];
        var nearest = new NearestCentres(PlainProduct.Arithmetic(), rows, 2, 2, [0, 1, 2]);
        Assert.That(nearest.Assign([1, 0, -1, 0]), Is.EqualTo(3));
        Assert.That((nearest.Sizes, nearest.Inertia), Is.EqualTo((new[] { 3, 0 }, 0.8)).Within(1e-6));
        Assert.That(nearest.FillEmpty(), Is.EqualTo(new[] { (1, 2) }));
        Assert.That((nearest.Sizes, nearest.Assignments, nearest.Inertia), Is.EqualTo((new[] { 2, 1 }, new[] { 0, 0, 1 }, 0.0)).Within(1e-6));
    }

    [TestCase(16)]
    [TestCase(32)]
    [TestCase(48)]
    [TestCase(384)]
    public void The_largest_of_equals_is_the_first_and_groups_hold_the_largest_elsewhere(int length)
    {
        float[] values = new float[length];
        new Philox(2, RandomPurpose.Weights).FillUniform(values, -1, 0);
        for (int first = 0; first < length; first++)
        {
            float[] marked = (float[])values.Clone();
            marked[first] = marked[^1] = 7;
            float[] groups = new float[32];
            Assert.That(VectorMath.LargestDifference(marked, new float[length], groups), Is.EqualTo((first, 7f)));
            for (int group = 0; group < 32; group++)
                Assert.That(groups[group], Is.EqualTo(marked.Where((_, i) => i != first && i % 32 == group).DefaultIfEmpty(float.NegativeInfinity).Max()), $"group {group}");
        }
    }

    [TestCaseSource(nameof(Methods))]
    public void Fewer_rows_than_clusters_are_refused(Method method)
    {
        float[] rows = Whitened()[..(K * M)];
        rows.AsSpan(0, M).Clear();
        Assert.That(() => method(rows, M, K), Throws.ArgumentException.With.Message.Contains($"{K - 1} rows with a direction cannot form {K} clusters"));
        Assert.That(() => method(new float[M + 1], M, 1), Throws.ArgumentException.With.Message.Contains("not a whole number of rows"));
    }

    [Test]
    [Explicit("A measurement.")]
    [TestCase(27_040, 384)]
    [TestCase(100_000, 96)]
    public void Time_of_a_layer(int count, int width)
    {
        using var backend = new CpuBackend();
        var arithmetic = new Arithmetic(backend.Gemm);
        var random = new Philox(1, RandomPurpose.Clusters);
        float[] rows = new float[count * width];
        foreach (bool spherical in new[] { true, true, false })
        {
            new Philox(5, RandomPurpose.Weights).FillGaussian(rows);
            var watch = Stopwatch.StartNew();
            TimeSpan before = Process.GetCurrentProcess().TotalProcessorTime;
            Clustering found = spherical ? new SphericalKMeans(arithmetic) { ChangeShare = 0 }.Run(rows, width, width, random) : new MiniBatchKMeans(arithmetic).Run(rows, width, width, random);
            double processor = (Process.GetCurrentProcess().TotalProcessorTime - before).TotalSeconds;
            TestContext.Out.WriteLine($"{(spherical ? "spherical" : "mini-batch")}, {count} rows of {width}, {width} clusters: {watch.Elapsed.TotalSeconds:F2} s, processor {processor:F2} s, {found.Iterations} iterations");
        }

        float[] scores = new float[2720 * width], none = new float[width], groups = new float[ScoreBounds.Groups];
        var pass = Stopwatch.StartNew();
        long sum = 0;
        for (int repeat = 0; repeat < 10; repeat++)
            for (int i = 0; i < 2720; i++) sum += VectorMath.LargestDifference(scores.AsSpan(i * width, width), none, groups).Index;
        TestContext.Out.WriteLine($"largest of {width}: {pass.Elapsed.TotalSeconds / 27_200 * 1e9:F0} ns a row ({sum})");
    }

    // Patches of a falling spectrum with heavy tails, whitened: not isotropic, as whitened images are not.
    private static float[] Whitened()
    {
        float[] patches = new float[Count * M], gains = new float[Count * M];
        new Philox(5, RandomPurpose.Weights, 1).FillGaussian(patches);
        new Philox(5, RandomPurpose.Weights, 2).FillGaussian(gains);
        for (int i = 0; i < patches.Length; i++) patches[i] *= MathF.Exp(gains[i]);
        Whitening whitening = WhiteningTests.Of(patches, M, M);
        float[] whitened = new float[patches.Length];
        whitening.Apply(patches, whitened);
        return whitened;
    }

    private static double Norm(float[] rows, int row) => Math.Sqrt(Enumerable.Range(0, M).Sum(j => (double)rows[row * M + j] * rows[row * M + j]));

    private static double Distance(float[] rows, int row, double[] centres, int k)
    {
        double sum = 0;
        for (int j = 0; j < M; j++) sum += (rows[row * M + j] - centres[k * M + j]) * (rows[row * M + j] - centres[k * M + j]);
        return sum;
    }

    private static double[] Units(float[] centres)
    {
        double[] units = new double[centres.Length];
        for (int i = 0; i < units.Length; i++) units[i] = centres[i] / Norm(centres, i / M);
        return units;
    }
}

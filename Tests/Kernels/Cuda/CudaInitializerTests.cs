using EvenNet.Framework;
using EvenNet.Initialization;
using EvenNet.Kernels;
using EvenNet.Kernels.Cuda;

namespace EvenNet.Tests.Cuda;

/// <summary>What the initializers do on the device, beside the same on the host.</summary>
[TestFixture(false), TestFixture(true, Category = "Gpu")]
public sealed class CudaInitializerTests(bool gpu) : CudaFixture(gpu)
{
    private static readonly (string Name, Func<Node, Node> Layer)[] Affine =
    [
        ("groups, stride, padding", x => x.Convolution("c", 6, new Extent(3, 2), stride: new Extent(2, 1), pad: new Extent(1, 2), groups: 2)),
        ("dilation", x => x.Convolution("c", 5, 3, dilation: 2)), ("more than a chunk of patches", x => x.Convolution("c", 5, 1, pad: 20)), ("inner product", x => x.InnerProduct("c", 3)),
    ];

    private static IEnumerable<string> Layers => Affine.Select(a => a.Name);

    // Patches a hundred deviations from zero; float32 products beside the host's, of the largest covariance.
    [Test]
    public void Moments_of_patches_are_those_of_the_host([ValueSource(nameof(Layers))] string layer, [Values] bool whitened)
    {
        using Trial host = new(Backends.Open("cpu", threads: 2), layer);
        (Covariance expected, Whitening whitening) = host.Moments(null);
        if (whitened) (expected, _) = host.Moments(whitening);
        double[]? first = null;
        foreach (ThreadOrder order in Place.Orders)
        {
            using Trial device = new(Place.Open(order), layer);
            Covariance actual = device.Moments(whitened ? whitening : null).Covariance;
            Assert.That(actual.Count, Is.EqualTo(expected.Count));
            Assert.That(actual.Mean(), Is.EqualTo(expected.Mean()).Within(whitened ? 1e-3 : 1e-5), "in deviations, where the mean is gone");
            Assert.That(Sample.RelativeError(expected.Values(), actual.Values()), Is.LessThan(2e-5));
            Assert.That(actual.Values(), Is.EqualTo(first ??= actual.Values()), $"the same bits in every order of threads, {order}");
        }
    }

    [Test]
    public void Patches_are_whitened_as_on_the_host([ValueSource(nameof(Layers))] string layer)
    {
        using Trial host = new(Backends.Open("cpu", threads: 2), layer), device = new(Place.Open(), layer);
        Whitening whitening = host.Moments(null).Whitening;
        int[] chosen = [.. Enumerable.Range(0, (int)host.Patches.Rows).Where(row => row % 3 != 1)];
        float[] expected = new float[chosen.Length * whitening.Dimensions], actual = new float[expected.Length];
        whitening.Apply(host.Patches.Choose(Trial.Group(layer), chosen), expected);
        device.Backend.InitializerKernels!.Choose(device.Patches.Of(Trial.Group(layer)), whitening.Basis, chosen, actual);
        Assert.That(Sample.RelativeError([.. expected.Select(v => (double)v)], [.. actual.Select(v => (double)v)]), Is.LessThan(1e-4));
    }

    [Test]
    public void Rows_that_are_held_find_their_nearest_centres_and_are_added_in_their_order([Values("9001×5×3", "70×40×33", "1×1×1")] string size)
    {
        int[] sizes = [.. size.Split('×').Select(int.Parse)];
        (int n, int m, int clusters) = (sizes[0], sizes[1], sizes[2]);
        float[] rows = Numbers(1, n * m), centres = Numbers(2, clusters * m), halves = Numbers(3, clusters);
        // The last centre is the first again: of two equally near ones the first counts.
        centres.AsSpan(0, m).CopyTo(centres.AsSpan((clusters - 1) * m));
        halves[clusters - 1] = halves[0];
        using CudaBackend cuda = Place.Open();
        using IHeldRows held = cuda.InitializerKernels.Hold(rows, m);
        int[] nearest = new int[n];
        float[] largest = new float[n];
        held.Nearest(centres, halves, nearest, largest);
        double Score(int row, int k) => Dot(rows, row, centres, k, m) - halves[k];
        for (int row = 0; row < n; row++)
        {
            double best = Enumerable.Range(0, clusters).Max(k => Score(row, k));
            Assert.That(Score(row, nearest[row]), Is.EqualTo(best).Within(1e-5));
            Assert.That(largest[row], Is.EqualTo(best).Within(1e-5));
            Assert.That(nearest[row], Is.Zero.Or.LessThan(clusters - 1));
        }

        int[] some = [.. Enumerable.Range(0, Math.Min(n, 5)).Select(i => n - 1 - i)];
        float[] products = new float[some.Length * n];
        held.Multiply(some, products);
        for (int i = 0; i < products.Length; i++) Assert.That(products[i], Is.EqualTo(Dot(rows, some[i / n], rows, i % n, m)).Within(1e-4));

        int[] order = [.. Enumerable.Range(0, n).OrderBy(row => nearest[row])], starts = [.. Enumerable.Range(0, clusters + 1).Select(k => nearest.Count(c => c < k))];
        double[] sums = new double[clusters * m];
        held.Sum(order, starts, sums);
        for (int k = 0; k < clusters; k++)
            for (int j = 0; j < m; j++) Assert.That(sums[k * m + j], Is.EqualTo(order[starts[k]..starts[k + 1]].Sum(row => (double)rows[row * m + j])).Within(1e-9));
    }

    [Test]
    public void Clusters_are_those_of_the_host_and_the_same_bits_each_time()
    {
        const int M = 24, K = 20, Count = 3000;
        float[] rows = Numbers(4, Count * M), directions = Numbers(5, K * M);
        for (int i = 0; i < rows.Length; i++) rows[i] = directions[i / M % K * M + i % M] + 0.3f * rows[i];
        Clustering Run(Backend backend) => new SphericalKMeans(new Arithmetic(backend)).Run((float[])rows.Clone(), M, K, new Philox(1, RandomPurpose.Clusters));
        using Backend cpu = Backends.Open("cpu", threads: 2);
        Clustering expected = Run(cpu);
        float[]? first = null;
        foreach (ThreadOrder order in Place.Orders)
        {
            using CudaBackend cuda = Place.Open(order);
            Clustering actual = Run(cuda);
            Assert.That(actual.Inertia, Is.EqualTo(expected.Inertia).Within(1e-4 * expected.Inertia));
            Assert.That(Sample.RelativeError([.. expected.Centres.Select(v => (double)v)], [.. actual.Centres.Select(v => (double)v)]), Is.LessThan(1e-4));
            Assert.That(actual.Assignments, Is.EqualTo(expected.Assignments));
            Assert.That(actual.Centres, Is.EqualTo(first ??= actual.Centres), $"{order}");
        }
    }

    [Test]
    public void Magnitudes_and_factors_are_the_hosts()
    {
        using CudaBackend cuda = Place.Open();
        using Storage storage = cuda.Allocate(1003);
        float[] values = Numbers(6, 1000);
        storage.Write(3, values);
        var tensor = new Tensor(new Region(storage, 3, 1000), 10, new Shape(4, 5, 5), Layout.Plain);
        Assert.That(cuda.InitializerKernels.MeanMagnitude(tensor), Is.EqualTo(values.Average(v => (double)Math.Abs(v))).Within(1e-12));
        cuda.InitializerKernels.Multiply(tensor.Region, 1.0 / 3);
        Assert.That(tensor.Read(), Is.EqualTo(values.Select(v => (float)(v / 3.0))).Within(1e-7));
    }

    // What is promised is kept on the device: every channel at its mean and deviation, even rates, the same function before and after.
    [TestCase("kmeans", "scale-layers"), TestCase("kmeans", "paper"), TestCase("pca", "scale-layers"), TestCase("zca", "none"), TestCase("patches", "none"), TestCase("reference-kmeans", "none")]
    public void An_initialization_on_the_device_keeps_the_hosts_promises(string method, string between)
    {
        const int Images = 8;
        Graph graph = Graph.Of(Node.Input("data", 3, 8, 7)
            .Convolution("conv1", 6, kernel: 3, stride: 2).Relu().Convolution("conv2", 8, kernel: 3, pad: 1, groups: 2).Relu().InnerProduct("fc3", 9).Relu().InnerProduct("fc4", 5));
        float[] images = Pictures.For(graph, Images);
        InitReport Run(Backend backend, out Dictionary<string, float[]> values)
        {
            using var parameters = new ParameterSet(graph, backend);
            InitReport report = Initializer.Run(parameters, images, Images, new InitOptions { Method = method, Between = between, Sweeps = 2, Elements = false });
            values = Measured.Values(parameters);
            return report;
        }
        using Backend cpu = Backends.Open("cpu", threads: 2);
        using CudaBackend cuda = Place.Open();
        InitReport expected = Run(cpu, out _), actual = Run(cuda, out Dictionary<string, float[]> first);
        foreach (WithinLayer layer in actual.Within!.Layers)
        {
            Assert.That(layer.WorstMean, Is.LessThan(1e-3), layer.Layer);
            Assert.That(layer.WorstDeviation, Is.LessThan(1e-3), layer.Layer);
        }
        Assert.That(actual.Within.Layers.Select(l => l.Method), Is.EqualTo(expected.Within!.Layers.Select(l => l.Method)));
        Assert.That(actual.Notes.Select(n => n.Kind), Is.EqualTo(expected.Notes.Select(n => n.Kind)));
        Assert.That(actual.Rates.Flatness, Is.EqualTo(expected.Rates.Flatness).Within(10).Percent);
        Assert.That(actual.FunctionChange, Is.LessThan(1e-4));
        if (method != "kmeans") return;
        _ = Run(cuda, out Dictionary<string, float[]> second);
        foreach ((string name, float[] values) in first) Assert.That(second[name], Is.EqualTo(values), $"{name}: the same bits again");
    }

    private static double Dot(float[] a, int row, float[] b, int other, int m) => Enumerable.Range(0, m).Sum(j => (double)a[row * m + j] * b[other * m + j]);

    private static float[] Numbers(int seed, int count) => [.. Sample.Normal(new Random(seed), count).Select(v => (float)v)];

    // A layer and what it reads.
    private sealed class Trial : IDisposable
    {
        private const int Batch = 3;
        private readonly Storage storage;
        private readonly string layer;

        public Trial(Backend backend, string layer)
        {
            (Backend, this.layer) = (backend, layer);
            Node data = Node.Input("data", 4, 7, 6), node = Affine.First(a => a.Name == layer).Layer(data);
            long count = Batch * data.Shape.Count;
            storage = backend.Allocate(count);
            var input = new Tensor(new Region(storage, 0, count), Batch, data.Shape, Layout.Plain);
            input.Write([.. Sample.Normal(new Random(7), (int)count).Select(v => v + 100)]);
            Patches = new Patches(backend, input, node);
        }

        public Backend Backend { get; }

        public Patches Patches { get; }

        public static int Group(string layer) => layer.StartsWith("groups", StringComparison.Ordinal) ? 1 : 0;

        // Of the patches, or of what a whitening makes of them.
        public (Covariance Covariance, Whitening Whitening) Moments(Whitening? by)
        {
            var arithmetic = new Arithmetic(Backend);
            var covariance = new Covariance(arithmetic, by?.Dimensions ?? Patches.Dimensions);
            if (!covariance.Take(Patches, Group(layer), by))
            {
                Patches.ForEach(Group(layer), 2048, (rows, count) =>
                {
                    Memory<float> some = rows.AsMemory(0, count * Patches.Dimensions), white = new float[count * covariance.Dimensions];
                    by?.Apply(some, white);
                    covariance.Add(by is null ? some : white);
                });
            }
            return (covariance, Whitening.Of(arithmetic, covariance, 5, new Philox(1, RandomPurpose.Eigenvectors)));
        }

        public void Dispose()
        {
            storage.Dispose();
            Backend.Dispose();
        }
    }
}

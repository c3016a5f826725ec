using EvenNet.Framework;
using EvenNet.Initialization;
using EvenNet.Kernels;

namespace EvenNet.Tests;

/// <summary>The k-means filters of a layer, traced back to the centres that they stand for.</summary>
public sealed class KMeansFilterTests
{
    private static string[] Devices => ["reference", "cpu"];

    // Whitening is done here once more, with plain loops and a dense solver. A filter w on patches x − μ is c·S·V(x − μ) for one c in the
    // whitened space; the c of all filters must be the centres of a spherical clustering of the whitened patches.
    [Test]
    public void K_means_filters_answer_with_centres_of_whitened_patches([Values(10, 24)] int outputs, [Values(1, 2)] int groups, [ValueSource(nameof(Devices))] string device)
    {
        const int Images = 30;
        Graph graph = Graph.Of(Node.Input("data", 4, 12, 12).Convolution("c", outputs, kernel: 3, stride: 2, pad: 1, groups: groups));
        using Backend backend = Backends.Open(device, threads: 2);
        using var parameters = new ParameterSet(graph, backend);
        float[] images = Pictures.For(graph, Images);
        WithinLayerReport report = new WithinLayerInit(new KMeansWeights()).Apply(parameters, images, Images, seed: 1);
        Assert.That(report.Layers[0].Method, Is.EqualTo("kmeans"));
        for (int g = 0; g < groups; g++)
        {
            var (dimensions, white, centres, outside) = Whitened(parameters, graph["c"], images, Images, g);
            int clusters = outputs / groups, rows = white.Length / dimensions;
            Assert.That(outside, Is.LessThan(1e-3), "filters lie within the directions kept");

            // Each centre points where its own rows point on average: what a finished clustering is, up to the rows that still moved.
            double[] sums = new double[clusters * dimensions];
            int[] sizes = new int[clusters];
            for (int r = 0; r < rows; r++)
            {
                (int centre, _) = PlainKMeans.Nearest(white.AsSpan(r * dimensions, dimensions), centres, dimensions);
                sizes[centre]++;
                for (int j = 0; j < dimensions; j++) sums[centre * dimensions + j] += white[r * dimensions + j];
            }
            Assert.That(sizes, Is.All.Positive);
            for (int k = 0; k < clusters; k++)
                Assert.That(Cosine(sums.AsSpan(k * dimensions, dimensions), centres.AsSpan(k * dimensions, dimensions)), Is.GreaterThan(0.995), $"group {g}, filter {k} of {sizes[k]} rows");
        }
    }

    // The published CaffeNet on 160 images, and VGG-16's widest layers.
    [TestCase(96, 363, 484_000, 341_333)]
    [TestCase(256, 1200, 116_640, 102_400)]
    [TestCase(384, 2304, 27_040, 27_040)]
    [TestCase(512, 4608, 125_440, 28_444)]
    public void The_paper_s_program_keeps_so_many_positions(int outputs, int fanIn, int positions, int kept) =>
        Assert.That(RandomBasisWeights.MostRows(outputs, fanIn, positions), Is.EqualTo(kept));

    [Test]
    public void The_clusters_fit_as_well_as_plain_k_means_and_better_than_random_patches()
    {
        const int Images = 30, Outputs = 20;
        Graph graph = Graph.Of(Node.Input("data", 3, 16, 16).Convolution("c", Outputs, kernel: 3, stride: 2));
        using Backend backend = Backends.Open("cpu", threads: 2);
        using var parameters = new ParameterSet(graph, backend);
        float[] images = Pictures.For(graph, Images);
        double Fit(IWeightFiller filler, out double[] centres, out float[] white, out int dimensions)
        {
            new WithinLayerInit(filler).Apply(parameters, images, Images, seed: 1);
            (dimensions, white, centres, _) = Whitened(parameters, graph["c"], images, Images, 0);
            return MeanCosine(white, centres, dimensions);
        }
        double patches = Fit(new PatchWeights(), out double[] seeds, out _, out int _), kMeans = Fit(new KMeansWeights(), out _, out float[] rows, out int m);
        double euclidean = new ulong[] { 1, 2, 3 }.Max(seed => MeanCosine(rows, Euclidean(rows, m, Outputs, seed), m));
        double inertia = 2 - 2 * kMeans, plain = 2 - 2 * euclidean;
        TestContext.Out.WriteLine($"mean largest cosine: k-means {kMeans:F4}, plain Euclidean {euclidean:F4}, random patches {patches:F4}; inertia ratio {inertia / plain:F4}");
        Assert.Multiple(() =>
        {
            Assert.That(inertia, Is.LessThan(1.02 * plain));
            Assert.That(kMeans, Is.GreaterThan(patches + 0.02));
            // Random patches are rows themselves.
            for (int k = 0; k < Outputs; k++)
                Assert.That(Enumerable.Range(0, rows.Length / m).Max(r => Cosine(rows.AsSpan(r * m, m), seeds.AsSpan(k * m, m))), Is.GreaterThan(0.9999), $"filter {k}");
        });
    }

    // Unit rows of whitened patches, rows × dimensions, and the unit centres that the filters stand for.
    private static (int Dimensions, float[] White, double[] Centres, double Outside) Whitened(ParameterSet parameters, Node node, float[] images, int count, int group)
    {
        using var net = new Net(parameters, count, new() { Fuse = false, Backward = false });
        net.Load(parameters.Graph["data"], images);
        net.ForwardInputs(node, Phase.Test);
        var patches = new Patches(parameters.Backend, net.InputOf(node), node);
        int d = patches.Dimensions, rows = (int)patches.Rows, outputs = node.Shape.Channels / patches.Groups, m = Math.Min(d, outputs);
        float[] x = patches.Choose(group, [.. Enumerable.Range(0, rows)]);
        double[] mean = new double[d], covariance = new double[d * d];
        for (int r = 0; r < rows; r++)
            for (int i = 0; i < d; i++) mean[i] += x[r * d + i] / (double)rows;
        for (int r = 0; r < rows; r++)
            for (int i = 0; i < d; i++)
                for (int j = 0; j < d; j++) covariance[i * d + j] += (x[r * d + i] - mean[i]) * (x[r * d + j] - mean[j]) / rows;
        (double[] values, double[] vectors) = DenseEigen.All(PlainProduct.Arithmetic(), covariance, d);

        float[] white = new float[rows * m];
        for (int r = 0; r < rows; r++)
        {
            double[] point = [.. Enumerable.Range(0, m).Select(k => Enumerable.Range(0, d).Sum(i => vectors[k * d + i] * (x[r * d + i] - mean[i])) / Math.Sqrt(values[k]))];
            double norm = Math.Sqrt(point.Sum(p => p * p));
            for (int k = 0; k < m; k++) white[r * m + k] = (float)(point[k] / norm);
        }

        // w = c·S·V, so c = w·Vᵀ·S⁻¹; what of w is not in V's rows is outside.
        float[] weights = parameters.Weight(node).Read();
        double[] centres = new double[outputs * m];
        double outside = 0;
        for (int o = 0; o < outputs; o++)
        {
            ReadOnlySpan<float> w = weights.AsSpan((group * outputs + o) * d, d);
            double inside = 0, all = 0;
            for (int i = 0; i < d; i++) all += (double)w[i] * w[i];
            for (int k = 0; k < m; k++)
            {
                double part = 0;
                for (int i = 0; i < d; i++) part += w[i] * vectors[k * d + i];
                inside += part * part;
                centres[o * m + k] = part * Math.Sqrt(values[k]);
            }
            outside = Math.Max(outside, Math.Sqrt(Math.Max(0, 1 - inside / all)));
            double norm = Math.Sqrt(Enumerable.Range(o * m, m).Sum(k => centres[k] * centres[k]));
            for (int k = 0; k < m; k++) centres[o * m + k] /= norm;
        }
        return (m, white, centres, outside);
    }

    // Lloyd's algorithm in Euclid's distance, means not scaled, started from random rows; in the end the means' directions.
    private static double[] Euclidean(float[] rows, int m, int clusters, ulong seed)
    {
        int count = rows.Length / m;
        int[] seeds = new Philox(seed, RandomPurpose.Clusters).Choose(clusters, count);
        double[][] centres = [.. seeds.Select(r => rows.AsSpan(r * m, m).ToArray().Select(v => (double)v).ToArray())];
        for (int pass = 0; pass < 60; pass++)
        {
            double[][] sums = [.. centres.Select(_ => new double[m])];
            int[] sizes = new int[clusters];
            for (int r = 0; r < count; r++)
            {
                int best = 0;
                double nearest = double.PositiveInfinity;
                for (int k = 0; k < clusters; k++)
                {
                    double distance = 0;
                    for (int j = 0; j < m; j++) distance += (rows[r * m + j] - centres[k][j]) * (rows[r * m + j] - centres[k][j]);
                    if (distance < nearest) (best, nearest) = (k, distance);
                }
                sizes[best]++;
                for (int j = 0; j < m; j++) sums[best][j] += rows[r * m + j];
            }
            for (int k = 0; k < clusters; k++)
                if (sizes[k] > 0) centres[k] = [.. sums[k].Select(s => s / sizes[k])];
        }
        return [.. centres.SelectMany(c => c.Select(v => v / Math.Sqrt(c.Sum(u => u * u))))];
    }

    private static double MeanCosine(float[] rows, double[] centres, int m) =>
        Enumerable.Range(0, rows.Length / m).Average(r => PlainKMeans.Nearest(rows.AsSpan(r * m, m), centres, m).Cosine);

    private static double Cosine(ReadOnlySpan<float> a, ReadOnlySpan<double> b) => Cosine([.. a.ToArray().Select(v => (double)v)], b);

    private static double Cosine(ReadOnlySpan<double> a, ReadOnlySpan<double> b)
    {
        double ab = 0, aa = 0, bb = 0;
        for (int i = 0; i < a.Length; i++) (ab, aa, bb) = (ab + a[i] * b[i], aa + a[i] * a[i], bb + b[i] * b[i]);
        return ab / Math.Sqrt(aa * bb);
    }
}

using System.Globalization;
using EvenNet.Framework;
using EvenNet.Initialization;
using EvenNet.Kernels;

namespace EvenNet.Tests;

/// <summary>What makes PCA, ZCA and patches what they are, seen in the layer's own responses; and what happens where there is too little to see.</summary>
public sealed class WeightFillerTests
{
    private static string[] Devices => ["reference", "cpu"];
    private static string[] FromPatches => ["pca", "zca", "kmeans", "patches"];

    [Test]
    public void Principal_components_answer_uncorrelated_with_equal_variance_group_by_group(
        [Values("chain", "heads")] string net, [ValueSource(nameof(Devices))] string device)
    {
        const int Images = 40;
        using Backend backend = Backends.Open(device, threads: 2);
        using var parameters = new ParameterSet(InitNets.Named(net), backend);
        float[] images = Pictures.For(parameters.Graph, Images);
        WithinLayerReport report = new WithinLayerInit(new PcaWeights()) { Normalize = false }.Apply(parameters, images, Images, seed: 1);
        Assert.That(report.Notes, Is.Empty);
        double worstCorrelation = 0, worstVariance = 0;
        foreach ((Node node, double[] output) in Measured.AffineOutputs(parameters, images, Images))
        {
            if (node.Layer is not Convolution { Groups: var groups }) continue;
            Assert.That(report.Layers.Single(l => l.Layer == node.Name).Method, Is.EqualTo("pca"));
            int outputs = node.Shape.Channels / groups;
            for (int g = 0; g < groups; g++)
            {
                double[,] covariance = Measured.Covariance(output, node.Shape, g * outputs, outputs);
                for (int i = 0; i < outputs; i++)
                {
                    worstVariance = Math.Max(worstVariance, Math.Abs(covariance[i, i] - 1));
                    for (int j = 0; j < i; j++)
                    {
                        double correlation = Math.Abs(covariance[i, j]) / Math.Sqrt(covariance[i, i] * covariance[j, j]);
                        worstCorrelation = Math.Max(worstCorrelation, correlation);
                        Assert.That(correlation, Is.LessThan(1e-3), $"{node.Name}, group {g}, filters {i} and {j}");
                    }
                    Assert.That(covariance[i, i], Is.EqualTo(1).Within(1e-3), $"{node.Name}, group {g}, filter {i}");
                }
                // The strongest direction first: equal answers to weaker ones take longer filters.
                float[] weights = parameters.Weight(node).Read();
                double[] norms = [.. Enumerable.Range(g * outputs, outputs).Select(o => Norm(weights, o, node.ParameterSpecs[0].FanIn))];
                for (int i = 1; i < outputs; i++) Assert.That(norms[i], Is.GreaterThan(norms[i - 1] * (1 - 1e-6)), $"{node.Name}, group {g}, filter {i}");
            }
        }
        TestContext.Out.WriteLine($"worst correlation {worstCorrelation:E1}, worst variance {worstVariance:E1} from 1");
    }

    // Photographs' spectra fall steeply, those of small pictures enlarged still more so: the weakest directions have less than a millionth of
    // the first one's variance.
    [Test]
    public void Weak_directions_are_uncorrelated_too([ValueSource(nameof(Devices))] string device, [Values(0, 1, 2)] int blurs)
    {
        const int Images = 60;
        Graph graph = Graph.Of(Node.Input("data", 3, 17, 17).Convolution("c", 60, kernel: 5));
        using Backend backend = Backends.Open(device, threads: 2);
        using var parameters = new ParameterSet(graph, backend);
        float[] images = Pictures.For(graph, Images);
        for (int i = 0; i < blurs; i++) Pictures.Blur(graph["data"].Shape, images);
        WithinLayerReport report = new WithinLayerInit(new PcaWeights()) { Normalize = false }.Apply(parameters, images, Images, seed: 1);
        // What lies below a ten-millionth of the first direction's variance is no direction; filters beyond the rank are random.
        InitNote? rank = report.Notes.SingleOrDefault(n => n.Kind == "rank");
        int directions = rank is null ? 60 : int.Parse(rank.Message.Split(" vary in ")[1].Split(' ')[0], CultureInfo.InvariantCulture);
        double[,] covariance = Measured.Covariance(Measured.AffineOutputs(parameters, images, Images)[graph["c"]], graph["c"].Shape, 0, directions);
        double correlation = 0, variance = 0;
        for (int i = 0; i < directions; i++)
        {
            variance = Math.Max(variance, Math.Abs(covariance[i, i] - 1));
            for (int j = 0; j < i; j++) correlation = Math.Max(correlation, Math.Abs(covariance[i, j]) / Math.Sqrt(covariance[i, i] * covariance[j, j]));
        }
        float[] weights = parameters["c.weight"].Read();
        TestContext.Out.WriteLine(
            $"{directions} directions, filters' norms 1 to {Norm(weights, directions - 1, 75) / Norm(weights, 0, 75):F0}; worst correlation {correlation:E1}, worst variance {variance:E1} from 1");
        Assert.That(directions, Is.GreaterThan(20));
        Assert.That(correlation, Is.LessThan(1e-3));
        Assert.That(variance, Is.LessThan(1e-3));
    }

    [Test]
    public void Zca_is_the_symmetric_whitening_where_there_are_as_many_filters_as_inputs([Values(27, 40)] int outputs, [ValueSource(nameof(Devices))] string device)
    {
        const int Images = 40, Inputs = 27;
        Graph graph = Graph.Of(Node.Input("data", 3, 13, 13).Convolution("c", outputs, kernel: 3));
        using Backend backend = Backends.Open(device, threads: 2);
        using var parameters = new ParameterSet(graph, backend);
        float[] images = Pictures.For(graph, Images);
        new WithinLayerInit(new ZcaWeights()) { Normalize = false }.Apply(parameters, images, Images, seed: 1);
        double[,] covariance = Measured.Covariance(Measured.AffineOutputs(parameters, images, Images)[graph["c"]], graph["c"].Shape, 0, Inputs);
        float[] weights = parameters["c.weight"].Read();
        double largest = weights.Max(Math.Abs);
        for (int i = 0; i < Inputs; i++)
        {
            for (int j = 0; j < Inputs; j++)
            {
                Assert.That(covariance[i, j], Is.EqualTo(i == j ? 1 : 0).Within(1e-3), $"covariance {i}, {j}");
                Assert.That(weights[i * Inputs + j], Is.EqualTo(weights[j * Inputs + i]).Within(1e-4 * largest), $"weights {i}, {j}");
            }
            Assert.That(weights[i * Inputs + i], Is.Positive, $"filter {i} answers its own input");
        }
    }

    [Test]
    public void Zca_with_fewer_filters_than_inputs_whitens_around_distinct_inputs()
    {
        const int Images = 40;
        Graph graph = Graph.Of(Node.Input("data", 3, 13, 13).Convolution("c", 12, kernel: 5));
        using Backend backend = Backends.Open("cpu", threads: 2);
        using var parameters = new ParameterSet(graph, backend);
        new WithinLayerInit(new ZcaWeights()).Apply(parameters, Pictures.For(graph, Images), Images, seed: 1);
        float[] weights = parameters["c.weight"].Read();
        for (int i = 0; i < 12; i++)
            for (int j = 0; j < i; j++) Assert.That(Math.Abs(Cosine(weights.AsSpan(i * 75, 75), weights.AsSpan(j * 75, 75))), Is.LessThan(0.999), $"filters {i} and {j}");
    }

    [Test]
    public void More_filters_than_directions_are_finite_normalised_and_reported(
        [ValueSource(nameof(FromPatches))] string method, [ValueSource(nameof(Devices))] string device, [Values] bool grey)
    {
        // 64 filters on colour patches of 27 directions, or 16 on grey ones of 9: VGG's first layer, and grey pictures.
        const int Images = 20;
        int outputs = grey ? 16 : 64, directions = grey ? 9 : 27;
        Graph graph = Graph.Of(Node.Input("data", 3, 10, 10).Convolution("c", outputs, kernel: 3).Relu().InnerProduct("top", 4));
        using Backend backend = Backends.Open(device, threads: 2);
        using var parameters = new ParameterSet(graph, backend);
        float[] images = Pictures.For(graph, Images);
        Shape shape = graph["data"].Shape;
        if (grey)
        {
            for (int n = 0; n < Images; n++)
                for (int c = 1; c < 3; c++) images.AsSpan(n * shape.Count, shape.Plane).CopyTo(images.AsSpan(n * shape.Count + c * shape.Plane));
        }
        WithinLayerReport report = new WithinLayerInit(InitMethods.Filler(method, within: true)!).Apply(parameters, images, Images, seed: 1);
        foreach (InitNote note in report.Notes) TestContext.Out.WriteLine(note);
        InitNote rank = report.Notes.Single(n => n.Kind == "rank");
        (double Mean, double Deviation)[] channels = Measured.Moments(Measured.AffineOutputs(parameters, images, Images)[graph["c"]], graph["c"].Shape);
        float[] weights = parameters["c.weight"].Read();
        Assert.Multiple(() =>
        {
            Assert.That(Measured.IsFinite(parameters));
            Assert.That(rank.Layer, Is.EqualTo("c"));
            Assert.That(rank.Message, Does.StartWith($"{outputs} filters but the patches vary in {directions} of 27 directions"));
            Assert.That(channels.Select(c => c.Mean), Is.All.EqualTo(0.1).Within(1e-3));
            Assert.That(channels.Select(c => c.Deviation), Is.All.EqualTo(1).Within(1e-3));
            for (int i = 0; i < outputs; i++)
                for (int j = 0; j < i; j++) Assert.That(Cosine(weights.AsSpan(i * 27, 27), weights.AsSpan(j * 27, 27)), Is.LessThan(0.9999), $"filters {j} and {i} are one");
        });
    }

    [TestCase("reference-pca")]
    [TestCase("reference-kmeans")]
    [TestCase("reference-patches")]
    public void The_programs_ways_stay_finite_with_more_filters_than_directions(string method)
    {
        const int Images = 20;
        Graph graph = Graph.Of(Node.Input("data", 3, 10, 10).Convolution("c", 64, kernel: 3).Relu().InnerProduct("top", 4));
        foreach (string device in Devices)
        {
            using Backend backend = Backends.Open(device, threads: 2);
            using var parameters = new ParameterSet(graph, backend);
            float[] images = Pictures.For(graph, Images);
            new WithinLayerInit(InitMethods.Filler(method, within: true)!).Apply(parameters, images, Images, seed: 1);
            (double Mean, double Deviation)[] channels = Measured.Moments(Measured.AffineOutputs(parameters, images, Images)[graph["c"]], graph["c"].Shape);
            Assert.That(Measured.IsFinite(parameters), device);
            Assert.That(channels.Select(c => c.Deviation), Is.All.EqualTo(1).Within(1e-3), device);
        }
    }

    // 40 filters need more than 40 patches: with one position an image 41 images, with nine positions five.
    [Test]
    public void Too_few_samples_are_reported_with_the_number_that_is_enough(
        [ValueSource(nameof(FromPatches))] string method, [Values(1, 9)] int positions)
    {
        int kernel = positions == 1 ? 5 : 3, enough = positions == 1 ? 41 : 5;
        Graph graph = Graph.Of(Node.Input("data", 3, 5, 5).Convolution("c", 40, kernel));
        using Backend backend = Backends.Open("cpu", threads: 2);
        using var parameters = new ParameterSet(graph, backend);
        WithinLayerReport With(int images) => new WithinLayerInit(InitMethods.Filler(method, within: true)!)
            .Apply(parameters, Pictures.For(graph, images), images, seed: 1);

        WithinLayerReport few = With(enough - 1);
        InitNote note = few.Notes.Single();
        Assert.Multiple(() =>
        {
            Assert.That((note.Layer, note.Kind), Is.EqualTo(("c", "too-few-samples")));
            Assert.That(note.Message, Does.Contain("more than 40 patches").And.Contain($"got {(enough - 1) * positions}:").And.Contain($"use {enough} images or more"));
            Assert.That(few.Layers[0].Method, Is.EqualTo("gaussian"));
            Assert.That(Measured.IsFinite(parameters));
        });
        WithinLayerReport all = With(enough);
        Assert.That(all.Notes.Where(n => n.Kind == "too-few-samples"), Is.Empty);
        Assert.That(all.Layers[0].Method, Is.EqualTo(method));
        Assert.That(Measured.IsFinite(parameters));
    }

    // Two pictures that are each other's negative, and grey ones otherwise: most patches are the mean, and clusters want directions.
    [TestCase("kmeans", "random directions")]
    [TestCase("reference-kmeans", "Gaussian")]
    public void Patches_that_are_the_mean_do_not_count_as_samples_for_clusters(string method, string instead)
    {
        const int Images = 30;
        Graph graph = Graph.Of(Node.Input("data", 3, 5, 5).Convolution("c", 40, kernel: 3));
        foreach (string device in Devices)
        {
            using Backend backend = Backends.Open(device, threads: 2);
            using var parameters = new ParameterSet(graph, backend);
            float[] images = new float[Images * graph["data"].Shape.Count], one = Pictures.For(graph, 1);
            for (int i = 0; i < one.Length; i++) (images[i], images[one.Length + i]) = (one[i], -one[i]);
            WithinLayerReport report = new WithinLayerInit(InitMethods.Filler(method, within: true)!).Apply(parameters, images, Images, seed: 1);
            InitNote note = report.Notes.Single(n => n.Kind == "too-few-samples");
            Assert.That(note.Message, Does.Contain("18").And.Contain("40").And.Contain(instead), device);
            Assert.That(Measured.IsFinite(parameters), device);
            Assert.That(Measured.Moments(Measured.AffineOutputs(parameters, images, Images)[graph["c"]], graph["c"].Shape).Select(c => c.Deviation), Is.All.EqualTo(1).Within(1e-3), device);
        }
    }

    [TestCase("reference-pca")]
    [TestCase("reference-kmeans")]
    [TestCase("reference-patches")]
    public void The_programs_ways_say_how_many_images_are_enough(string method)
    {
        Graph graph = Graph.Of(Node.Input("data", 3, 5, 5).Convolution("c", 40, kernel: 3));
        using Backend backend = Backends.Open("cpu", threads: 2);
        using var parameters = new ParameterSet(graph, backend);
        IReadOnlyList<InitNote> Notes(int images) => new WithinLayerInit(InitMethods.Filler(method, within: true)!)
            .Apply(parameters, Pictures.For(graph, images), images, seed: 1).Notes;
        Assert.That(Notes(4).Single(n => n.Kind == "too-few-samples").Message, Does.Contain("at least 40").And.Contain("got 36:").And.EndWith("use 5 images or more"));
        Assert.That(Notes(5).Where(n => n.Kind == "too-few-samples"), Is.Empty);
        Assert.That(Measured.IsFinite(parameters));
    }

    [Test]
    public void Inner_products_are_gaussian_unless_asked([ValueSource(nameof(FromPatches))] string method)
    {
        const int Images = 30;
        Graph graph = Graph.Of(Node.Input("data", 3, 5, 5).InnerProduct("f", 12));
        using Backend backend = Backends.Open("cpu", threads: 2);
        using var parameters = new ParameterSet(graph, backend);
        float[] images = Pictures.For(graph, Images);
        var filler = (PatchFiller)InitMethods.Filler(method, within: true)!;
        Assert.That(new WithinLayerInit(filler).Apply(parameters, images, Images, seed: 1).Layers[0].Method, Is.EqualTo("gaussian"));
        Assert.That(new WithinLayerInit(filler with { InnerProducts = true }).Apply(parameters, images, Images, seed: 1).Layers[0].Method, Is.EqualTo(method));
        Assert.That(Measured.Moments(Measured.AffineOutputs(parameters, images, Images)[graph["f"]], graph["f"].Shape).Select(c => c.Deviation), Is.All.EqualTo(1).Within(1e-3));
    }

    [Test]
    public void A_group_whose_patches_are_all_alike_makes_the_layer_gaussian_and_says_so([ValueSource(nameof(FromPatches))] string method, [ValueSource(nameof(Devices))] string device)
    {
        const int Images = 20;
        Graph graph = Graph.Of(Node.Input("data", 4, 11, 11).Convolution("c", 10, kernel: 3, groups: 2));
        using Backend backend = Backends.Open(device, threads: 2);
        using var parameters = new ParameterSet(graph, backend);
        float[] images = Pictures.For(graph, Images);
        Shape shape = graph["data"].Shape;
        for (int n = 0; n < Images; n++) images.AsSpan(n * shape.Count + 2 * shape.Plane, 2 * shape.Plane).Fill(0.1f);
        WithinLayerReport report = new WithinLayerInit(InitMethods.Filler(method, within: true)!).Apply(parameters, images, Images, seed: 1);
        Assert.That(report.Layers[0].Method, Is.EqualTo("gaussian"));
        Assert.That(report.Notes.Select(n => n.Kind), Is.EqualTo(new[] { "constant-layer", "dead-filter" }));
        Assert.That(Measured.IsFinite(parameters));
    }

    private static double Norm(float[] values, int row, int length) => Math.Sqrt(values.AsSpan(row * length, length).ToArray().Sum(v => (double)v * v));

    private static double Cosine(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        double ab = 0, aa = 0, bb = 0;
        for (int i = 0; i < a.Length; i++) (ab, aa, bb) = (ab + (double)a[i] * b[i], aa + (double)a[i] * a[i], bb + (double)b[i] * b[i]);
        return ab / Math.Sqrt(aa * bb);
    }
}

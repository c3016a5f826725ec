using EvenNet.Framework;
using EvenNet.Initialization;
using EvenNet.Kernels;

namespace EvenNet.Tests;

/// <summary>The promise of Algorithm 1: every affine channel has mean β and deviation one on the images used.</summary>
public sealed class WithinLayerTests
{
    private const int Images = 24;
    private static string[] Methods => [.. InitMethods.FromData];
    private static string[] Devices => ["reference", "cpu"];

    [Test]
    public void Every_channel_has_mean_beta_and_deviation_one(
        [ValueSource(nameof(Methods))] string method, [Values("chain", "heads")] string net, [ValueSource(nameof(Devices))] string device)
    {
        using Backend backend = Backends.Open(device, threads: 2);
        using var parameters = new ParameterSet(InitNets.Named(net), backend);
        float[] images = Pictures.For(parameters.Graph, Images);
        float beta = net == "chain" ? 0.1f : -0.4f;
        WithinLayerReport report = new WithinLayerInit(InitMethods.Filler(method, within: true)!) { Bias = beta }.Apply(parameters, images, Images, seed: 1);

        Assert.That(report.Layers.Select(l => l.Layer), Is.EqualTo(parameters.Graph.Affine.Select(n => n.Name)));
        foreach ((Node node, double[] output) in Measured.AffineOutputs(parameters, images, Images))
        {
            (double Mean, double Deviation)[] channels = Measured.Moments(output, node.Shape);
            double mean = channels.Max(c => Math.Abs(c.Mean - beta)), deviation = channels.Max(c => Math.Abs(c.Deviation - 1));
            WithinLayer said = report.Layers.Single(l => l.Layer == node.Name);
            Assert.That(mean, Is.LessThan(1e-3), $"mean of {node.Name}");
            Assert.That(deviation, Is.LessThan(1e-3), $"deviation of {node.Name}");
            Assert.That((said.WorstMean, said.WorstDeviation), Is.EqualTo((mean, deviation)).Using(Near(1e-4)), $"what the report says of {node.Name}");
        }
    }

    [Test]
    public void A_layer_without_bias_gets_deviation_one_and_keeps_its_mean([ValueSource(nameof(Devices))] string device)
    {
        Graph graph = Graph.Of(Node.Input("data", 3, 12, 12).Convolution("bare", 9, kernel: 3, bias: false).Relu().InnerProduct("top", 5));
        using Backend backend = Backends.Open(device, threads: 2);
        using var parameters = new ParameterSet(graph, backend);
        float[] images = Pictures.For(graph, Images);
        WithinLayerReport report = new WithinLayerInit(new GaussianWeights()).Apply(parameters, images, Images, seed: 1);
        Dictionary<Node, double[]> outputs = Measured.AffineOutputs(parameters, images, Images);
        (double Mean, double Deviation)[] bare = Measured.Moments(outputs[graph["bare"]], graph["bare"].Shape), top = Measured.Moments(outputs[graph["top"]], graph["top"].Shape);
        Assert.Multiple(() =>
        {
            Assert.That(bare.Select(c => c.Deviation), Is.All.EqualTo(1).Within(1e-3));
            Assert.That(bare.Max(c => Math.Abs(c.Mean - 0.1)), Is.GreaterThan(0.05), "nothing can move these means");
            Assert.That(top.Select(c => c.Deviation), Is.All.EqualTo(1).Within(1e-3));
            Assert.That(top.Select(c => c.Mean), Is.All.EqualTo(0.1).Within(1e-3));
            Assert.That(report.Layers[0].WorstMean, Is.NaN);
            Assert.That(report.Layers[0].WorstDeviation, Is.LessThan(1e-3));
        });
    }

    [Test]
    public void What_was_there_is_kept_and_the_rest_is_made_on_top_of_it()
    {
        using Backend backend = Backends.Open("cpu", threads: 2);
        using var parameters = new ParameterSet(InitNets.Chain(), backend);
        float[] images = Pictures.For(parameters.Graph, Images);
        new XavierInit().Apply(parameters, seed: 5);
        foreach (string name in new[] { "conv1", "conv3" }) parameters[$"{name}.bias"].Fill(0.25f);
        parameters["conv1.scale"].Fill(0.5f);
        foreach (string name in new[] { "conv2", "fc5" }) parameters[$"{name}.weight"].Fill(0);
        Dictionary<string, float[]> before = Measured.Values(parameters);

        WithinLayerReport report = new WithinLayerInit(new PcaWeights()) { KeepNonZero = true }.Apply(parameters, images, Images, seed: 1);
        Dictionary<string, float[]> after = Measured.Values(parameters);
        Dictionary<Node, double[]> outputs = Measured.AffineOutputs(parameters, images, Images);
        Assert.That(report.Layers.Where(l => l.Method == "kept").Select(l => l.Layer), Is.EqualTo(new[] { "conv1", "conv3", "fc4" }));
        foreach (Node node in parameters.Graph.Affine)
        {
            bool isKept = node.Name is not ("conv2" or "fc5");
            foreach (Parameter p in parameters.Of(node).Where(p => isKept)) Assert.That(after[p.Name], Is.EqualTo(before[p.Name]), p.Name);
            if (isKept) continue;
            (double Mean, double Deviation)[] channels = Measured.Moments(outputs[node], node.Shape);
            Assert.That(channels.Select(c => c.Mean), Is.All.EqualTo(0.1).Within(1e-3), node.Name);
            Assert.That(channels.Select(c => c.Deviation), Is.All.EqualTo(1).Within(1e-3), node.Name);
        }
    }

    [Test]
    public void Without_keeping_old_weights_biases_and_scales_are_gone()
    {
        using Backend backend = Backends.Open("cpu", threads: 2);
        using ParameterSet fresh = new(InitNets.Chain(), backend), used = new(InitNets.Chain(), backend);
        float[] images = Pictures.For(fresh.Graph, Images);
        new XavierInit().Apply(used, seed: 5);
        foreach (Parameter p in used.All.Where(p => p.Spec.Name != "weight")) p.Fill(3);
        foreach (ParameterSet parameters in new[] { fresh, used }) new WithinLayerInit(new KMeansWeights()).Apply(parameters, images, Images, seed: 1);
        Assert.That(Measured.Values(used), Is.EqualTo(Measured.Values(fresh)));
    }

    [Test]
    public void Without_normalisation_weights_stay_as_drawn_and_biases_are_zero()
    {
        using Backend backend = Backends.Open("cpu", threads: 2);
        using var parameters = new ParameterSet(InitNets.Chain(), backend);
        WithinLayerReport report = new WithinLayerInit(new GaussianWeights(0.01f)) { Normalize = false }
            .Apply(parameters, Pictures.For(parameters.Graph, Images), Images, seed: 1);
        Assert.Multiple(() =>
        {
            foreach (Node node in parameters.Graph.Affine)
            {
                float[] weights = parameters.Weight(node).Read();
                double deviation = Math.Sqrt(weights.Average(w => (double)w * w));
                Assert.That(deviation, Is.EqualTo(0.01).Within(0.01 * 4 / Math.Sqrt(2 * weights.Length)), node.Name);
                Assert.That(parameters.Bias(node)!.Read(), Is.All.Zero, node.Name);
                Assert.That(parameters.Scale(node).Read()[0], Is.EqualTo(1), node.Name);
            }
            Assert.That(report.Layers.Select(l => l.WorstMean), Is.All.NaN, "nothing was promised");
        });
    }

    // The first group sees pictures, the second one value everywhere: its filters cannot have deviation one.
    [Test]
    public void Filters_that_answer_nothing_are_reported_and_get_beta([ValueSource(nameof(Devices))] string device, [Values(0f, 37.3f)] float level)
    {
        Graph graph = Graph.Of(Node.Input("data", 4, 11, 11).Convolution("split", 10, kernel: 3, groups: 2).Relu().Convolution("above", 6, kernel: 3));
        using Backend backend = Backends.Open(device, threads: 2);
        using var parameters = new ParameterSet(graph, backend);
        float[] images = Pictures.For(graph, Images);
        Shape shape = graph["data"].Shape;
        for (int n = 0; n < Images; n++) images.AsSpan(n * shape.Count + 2 * shape.Plane, 2 * shape.Plane).Fill(level);

        WithinLayerReport report = new WithinLayerInit(new GaussianWeights()).Apply(parameters, images, Images, seed: 1);
        Dictionary<Node, double[]> outputs = Measured.AffineOutputs(parameters, images, Images);
        (double Mean, double Deviation)[] split = Measured.Moments(outputs[graph["split"]], graph["split"].Shape), above = Measured.Moments(outputs[graph["above"]], graph["above"].Shape);
        InitNote note = report.Notes.Single();
        TestContext.Out.WriteLine(note);
        Assert.Multiple(() =>
        {
            Assert.That((note.Layer, note.Kind), Is.EqualTo(("split", "dead-filter")));
            Assert.That(note.Message, Does.StartWith("5 of 10 filters answer nothing"));
            Assert.That(split[..5].Select(c => c.Mean), Is.All.EqualTo(0.1).Within(1e-3));
            Assert.That(split[..5].Select(c => c.Deviation), Is.All.EqualTo(1).Within(1e-3));
            Assert.That(parameters["split.bias"].Read()[5..], Is.All.EqualTo(0.1f));
            Assert.That(parameters["split.weight"].Read().Max(Math.Abs), Is.LessThan(10), "a draw, not a rounding error blown up");
            Assert.That(above.Select(c => c.Deviation), Is.All.EqualTo(1).Within(1e-3));
            Assert.That(report.Layers[0].WorstDeviation, Is.LessThan(1e-3), "dead channels aside");
        });
    }

    [Test]
    public void A_dead_filter_is_drawn_again()
    {
        Graph graph = Graph.Of(Node.Input("data", 3, 11, 11).Convolution("c", 6, kernel: 3));
        using Backend backend = Backends.Open("cpu", threads: 2);
        using var parameters = new ParameterSet(graph, backend);
        float[] images = Pictures.For(graph, Images);
        WithinLayerReport report = new WithinLayerInit(new WithSilentFilter(2)).Apply(parameters, images, Images, seed: 1);
        Assert.Multiple(() =>
        {
            Assert.That(report.Notes.Single().Message, Does.Contain("1 of 6 filters answered nothing and were drawn again"));
            Assert.That(Measured.Moments(Measured.AffineOutputs(parameters, images, Images)[graph["c"]], graph["c"].Shape).Select(c => c.Deviation), Is.All.EqualTo(1).Within(1e-3));
        });
    }

    // Nothing varies, so nothing can be normalised; what comes out must be usable and the report must say so.
    [Test]
    public void Constant_images_give_finite_weights_and_are_reported(
        [ValueSource(nameof(Methods))] string method, [ValueSource(nameof(Devices))] string device, [Values(0f, 61.7f)] float level)
    {
        Graph graph = Graph.Of(Node.Input("data", 3, 15, 15)
            .Convolution("conv1", 8, kernel: 5, stride: 2).Relu().MaxPool("pool1", 2, stride: 2).Convolution("conv2", 6, kernel: 2).Relu().InnerProduct("fc3", 4));
        using Backend backend = Backends.Open(device, threads: 2);
        using var parameters = new ParameterSet(graph, backend);
        float[] images = new float[Images * graph["data"].Shape.Count];
        images.AsSpan().Fill(level);
        InitReport report = Initializer.Run(parameters, images, Images, new InitOptions { Method = method });
        foreach (InitNote note in report.Notes) TestContext.Out.WriteLine(note);
        Assert.Multiple(() =>
        {
            Assert.That(Measured.IsFinite(parameters));
            Assert.That(report.Notes.Where(n => n.Kind == "dead-filter").Select(n => n.Layer).Distinct(), Is.EquivalentTo(graph.Affine.Select(n => n.Name)));
            foreach (Node node in graph.Affine)
            {
                Assert.That(parameters.Weight(node).Read().Max(Math.Abs) * parameters.Scale(node).Read()[0], Is.LessThan(100), $"{node.Name}: a draw, not a rounding error blown up");
                Assert.That(report.Within!.Layers.Single(l => l.Layer == node.Name).WorstDeviation, Is.Zero, "no live channel");
            }
        });
    }

    [Test]
    public void One_image_is_reported_where_a_layer_sees_it_once()
    {
        using Backend backend = Backends.Open("cpu", threads: 2);
        using var parameters = new ParameterSet(InitNets.Chain(), backend);
        float[] images = Pictures.For(parameters.Graph, 1);
        WithinLayerReport report = new WithinLayerInit(new GaussianWeights()).Apply(parameters, images, 1, seed: 1);
        Assert.That(report.Notes.Where(n => n.Kind == "dead-filter").Select(n => n.Layer), Is.EqualTo(new[] { "fc4", "fc5" }));
        Assert.That(Measured.IsFinite(parameters));
    }

    [Test]
    public void Dropout_takes_part_only_when_asked()
    {
        Graph graph = Graph.Of(Node.Input("data", 3, 9, 9).Convolution("c", 40, kernel: 3).Relu().Dropout(0.5f).InnerProduct("f", 6));
        using Backend backend = Backends.Open("cpu", threads: 2);
        float[] images = Pictures.For(graph, 160);
        double Deviation(Phase phase)
        {
            using var parameters = new ParameterSet(graph, backend);
            new WithinLayerInit(new GaussianWeights()) { Phase = phase }.Apply(parameters, images, 160, seed: 1);
            return Measured.Moments(Measured.AffineOutputs(parameters, images, 160)[graph["f"]], graph["f"].Shape).Average(c => c.Deviation);
        }
        // Dropout adds to the variance that the step sees, so that without it the outputs vary less than one.
        Assert.That(Deviation(Phase.Test), Is.EqualTo(1).Within(1e-3));
        Assert.That(Deviation(Phase.Train), Is.LessThan(0.97));
    }

    private static Comparison<(double, double)> Near(double tolerance) =>
        (a, b) => Math.Abs(a.Item1 - b.Item1) <= tolerance && Math.Abs(a.Item2 - b.Item2) <= tolerance ? 0 : 1;

    // Gaussian weights, but one filter's are all zero.
    private sealed record WithSilentFilter(int Filter) : IWeightFiller
    {
        public string Name => "silent";

        public string Fill(WeightRequest request)
        {
            new GaussianWeights().Fill(request);
            request.Weights.AsSpan(Filter * request.Patches.Dimensions, request.Patches.Dimensions).Clear();
            return Name;
        }
    }
}

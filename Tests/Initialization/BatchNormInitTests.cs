using EvenNet.Framework;
using EvenNet.Initialization;
using EvenNet.Kernels;

namespace EvenNet.Tests;

/// <summary>Batch normalization, initialized: scale and bias of the layer below have no effect, and β lies in the scale layer's bias.</summary>
public sealed class BatchNormInitTests
{
    private const int Images = 48;
    private const float Beta = 0.3f;

    // With a bias below, which is inert, without one, a layer that is not normalized, and a normalized inner product.
    private static Graph Net() => Graph.Of(Node.Input("data", 3, 19, 17)
        .Convolution("conv1", 12, kernel: 5, stride: 2).BatchNorm("bn1").Scale("scale1").Relu().MaxPool("pool1", 3, stride: 2)
        .Convolution("conv2", 16, kernel: 3, pad: 1, bias: false).BatchNorm("bn2").Scale("scale2").Relu()
        .Convolution("conv3", 10, kernel: 1).Relu()
        .InnerProduct("fc4", 20).BatchNorm("bn4").Scale("scale4").Relu().InnerProduct("fc5", 60));

    [Test]
    public void Normalized_layers_get_deviation_one_and_their_scale_layers_the_bias([Values("reference", "cpu")] string device)
    {
        using Backend backend = Backends.Open(device, threads: 2);
        using var parameters = new ParameterSet(Net(), backend);
        Graph graph = parameters.Graph;
        float[] images = Pictures.For(graph, Images);
        foreach (string name in (string[])["scale1", "scale2"]) parameters[$"{name}.weight"].Fill(7);
        WithinLayerReport report = new WithinLayerInit(new GaussianWeights()) { Bias = Beta }.Apply(parameters, images, Images, seed: 1);

        Assert.That(parameters.All.Where(p => p.Node.Layer is BatchNorm).SelectMany(p => p.Read()), Is.All.Zero, "nothing is gathered");
        Assert.That(parameters["conv1.bias"].Read(), Is.All.Zero);
        Assert.That(parameters["fc4.bias"].Read(), Is.All.Zero);
        Assert.That(parameters["conv3.bias"].Read(), Has.Some.Not.Zero);
        Dictionary<string, double[]> values = Values(parameters, images);
        foreach (string name in (string[])["1", "2", "4"])
        {
            Assert.That(parameters[$"scale{name}.weight"].Read(), Is.All.EqualTo(1));
            Assert.That(parameters[$"scale{name}.bias"].Read(), Is.All.EqualTo(Beta));
            (double Mean, double Deviation)[] channels = Measured.Moments(values[$"scale{name}"], graph[$"scale{name}"].Shape);
            Assert.That(channels.Select(c => c.Mean), Is.All.EqualTo(Beta).Within(1e-3));
            Assert.That(channels.Select(c => c.Deviation), Is.All.EqualTo(1).Within(1e-3));
        }
        foreach (Node node in graph.Affine)
            Assert.That(Measured.Moments(values[node.Name], node.Shape).Select(c => c.Deviation), Is.All.EqualTo(1).Within(1e-3), node.Name);
        Assert.That(report.Layers.Where(l => double.IsNaN(l.WorstMean)).Select(l => l.Layer), Is.EqualTo((string[])["conv1", "conv2", "fc4"]));
        Assert.That(report.Layers.Select(l => l.WorstDeviation), Is.All.LessThan(1e-3));
    }

    [Test]
    public void The_scale_of_a_normalized_layer_changes_its_own_rate_alone_and_no_output()
    {
        using Backend backend = Backends.Open("reference");
        using ParameterSet parameters = Start(backend, out float[] images);
        double[] before = Values(parameters, images)["fc5"];
        LayerRate[] rates = Rates(parameters, images);
        parameters["conv2.weight"].Multiply(4);
        LayerRate[] after = Rates(parameters, images);
        // ε = 1e-5 beside a variance of one and of sixteen.
        Assert.That(Sample.RelativeError(before, Values(parameters, images)["fc5"]), Is.LessThan(1e-4));
        foreach ((LayerRate one, LayerRate other) in rates.Zip(after))
            Assert.That(other.Rate / one.Rate, Is.EqualTo(one.Name == "conv2" ? 1.0 / 16 : 1).Within(1e-4), one.Name);
    }

    [Test]
    public void Rescaling_makes_the_rates_even_and_keeps_the_function([Values("scale-layers", "paper")] string mode)
    {
        using Backend backend = Backends.Open("cpu", threads: 2);
        using ParameterSet parameters = Start(backend, out float[] images);
        foreach ((string name, float factor) in ((string, float)[])[("conv1", 8), ("conv2", 0.1f), ("fc4", 3)]) parameters[$"{name}.weight"].Multiply(factor);
        var function = new FunctionChange(parameters, images, Images);
        double[] before = Values(parameters, images)["fc5"];
        double uneven = Flatness(Rates(parameters, images));
        RescaleReport report = mode == "paper"
            ? (MultiplicativeRescaler.Paper with { Damping = 1, Sweeps = 3 }).Apply(parameters, images, Images, seed: 1)
            : new ScaleLayerRescaler { Draws = 3 }.Apply(parameters, images, Images, seed: 1);
        double even = Flatness(Rates(parameters, images)), change = function.Measure();
        TestContext.Out.WriteLine($"{mode}: flatness {uneven:F1} -> {even:F3}, function change {change:E1}, sweeps {report.Rates.Count}");
        Assert.That(uneven, Is.GreaterThan(50));
        Assert.That(even, Is.LessThan(mode == "paper" ? 1.6 : 1.25));
        // Without scale layers the classifier's own factor shows, and nothing but that: normalization takes out all the others.
        double[] after = Values(parameters, images)["fc5"];
        double whole = mode == "paper" ? after.Zip(before, (a, b) => a * b).Sum() / before.Sum(b => b * b) : 1;
        Assert.That(Sample.RelativeError([.. before.Select(b => whole * b)], after), Is.LessThan(mode == "paper" ? 1e-3 : 1e-5));
        if (mode == "scale-layers") Assert.That(change, Is.LessThan(1e-5));
        Assert.That(parameters.All.Where(p => p.Node.Layer is Scale).SelectMany(p => p.Read()).Distinct(), Is.EquivalentTo((float[])[1, Beta]));
    }

    [Test]
    public void An_initialized_net_can_be_tested_before_it_is_trained([Values("kmeans", "xavier")] string method)
    {
        using Backend backend = Backends.Open("cpu", threads: 2);
        using var parameters = new ParameterSet(Net(), backend);
        float[] images = Pictures.For(parameters.Graph, Images);
        InitReport report = Initializer.Run(parameters, images, Images, new InitOptions { Method = method, Between = "scale-layers", Elements = false });
        Assert.That(report.FunctionChange, Is.LessThan(1e-5));
        Assert.That(parameters["bn1.count"].Read(), Is.EqualTo((float[])[1]), "these images' statistics and no others");
        double[] byBatch = Values(parameters, images)["fc5"], gathered = Measured.Scores(parameters, images, Images)[0];
        // What is gathered is the unbiased variance: 48 values a channel in the inner product.
        Assert.That(Sample.RelativeError(byBatch, gathered), Is.LessThan(0.05));
        Dictionary<string, float[]> before = Measured.Values(parameters);
        Rates(parameters, images);
        Assert.That(Measured.Values(parameters), Is.EqualTo(before), "measuring gathers nothing");
    }

    [Test]
    public void What_was_loaded_keeps_its_scale_layers()
    {
        using Backend backend = Backends.Open("cpu", threads: 2);
        using ParameterSet parameters = Start(backend, out float[] images);
        foreach (string name in (string[])["1", "2", "4"]) parameters[$"scale{name}.weight"].Fill(2);
        parameters["bn1.count"].Fill(3);
        parameters["conv2.weight"].Fill(0);
        Initializer.Run(parameters, images, Images, new InitOptions { Method = "gaussian", KeepExisting = true, Elements = false, Bias = 0.5f });
        Assert.That(new[] { "1", "2", "4" }.Select(n => parameters[$"scale{n}.weight"].Read()[0]), Is.EqualTo((float[])[2, 1, 2]), "made anew over a layer that was made anew");
        Assert.That(new[] { "1", "2", "4" }.Select(n => parameters[$"scale{n}.bias"].Read()[0]), Is.EqualTo((float[])[Beta, 0.5f, Beta]));
        Assert.That(parameters["bn1.count"].Read(), Is.EqualTo((float[])[1]), "values are no longer what they were");
    }

    [TestCase("scale-layers", true, 3)]
    [TestCase("scale-layers", false, 1)]
    [TestCase("paper", true, 1)]
    public void Statistics_that_were_loaded_stay_where_they_still_hold(string between, bool complete, float count)
    {
        using Backend backend = Backends.Open("cpu", threads: 2);
        using ParameterSet parameters = Start(backend, out float[] images);
        foreach (string name in (string[])["1", "2", "4"])
            if (complete || name != "2") parameters[$"bn{name}.count"].Fill(3);
        Initializer.Run(parameters, images, Images, new InitOptions { Method = "gaussian", Between = between, KeepExisting = true, Elements = false });
        Assert.That(parameters["bn1.count"].Read(), Is.EqualTo((float[])[count]));
    }

    private static ParameterSet Start(Backend backend, out float[] images)
    {
        var parameters = new ParameterSet(Net(), backend);
        images = Pictures.For(parameters.Graph, Images);
        new WithinLayerInit(new GaussianWeights()) { Bias = Beta }.Apply(parameters, images, Images, seed: 1);
        return parameters;
    }

    private static LayerRate[] Rates(ParameterSet parameters, float[] images) =>
        [.. new ChangeRates { Elements = false, Batch = Images, Passes = 4, Draw = 55 }.Measure(parameters, images, Images, seed: 9).Layers];

    private static double Flatness(LayerRate[] rates) => new ChangeRateReport(rates).Flatness;

    // All values by node, normalized by these images.
    private static Dictionary<string, double[]> Values(ParameterSet parameters, float[] images)
    {
        using var net = new Net(parameters, Images, new() { Fuse = false, Backward = false, BatchStatistics = true });
        net.Load(parameters.Graph["data"], images);
        var values = new Dictionary<string, double[]>();
        foreach (Node node in net.Nodes)
        {
            net.Forward(node, Phase.Test);
            values[node.Name] = net[node].ReadExact();
        }
        return values;
    }
}

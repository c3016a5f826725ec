using EvenNet.Framework;
using EvenNet.Initialization;
using EvenNet.Kernels;

namespace EvenNet.Tests;

/// <summary>Change rates against what they are by definition: one image at a time, with the kernels' own weight gradients.</summary>
public sealed class ChangeRateTests
{
    private const int Images = 13;
    private const ulong Seed = 4;

    /// <summary>A net whose rates are measured.</summary>
    public sealed record Case(string Name, Func<Graph> Graph)
    {
        public override string ToString() => Name;
    }

    private static Case[] Cases =>
    [
        new("chain with groups, 1×1 and inner products", () => InitNets.Chain()),
        new("inception modules and two heads", () => InitNets.Dag(heads: true)),
        new("strides, pads, dilation, rectangles, no bias", () => Graph.Of(Node.Input("data", 3, 21, 18)
            .Convolution("a", 8, new(3, 5), stride: new Extent(2, 1), pad: new Extent(1, 2), bias: false).Relu()
            .Convolution("b", 6, kernel: 1, stride: 2).Relu()
            .Convolution("c", 9, kernel: 3, pad: 2, dilation: 2, groups: 3)
            .InnerProduct("d", 5))),
        new("scores on a plane", () => Graph.Of(Node.Input("data", 2, 8, 8).Convolution("a", 6, kernel: 3).Relu().Convolution("b", 4, kernel: 1, pad: 1))),
    ];

    private static string[] Devices => ["reference", "cpu"];

    [Test]
    public void Rates_equal_brute_force([ValueSource(nameof(Cases))] Case net, [ValueSource(nameof(Devices))] string device, [Values(1, 3)] int passes)
    {
        using Backend backend = Backends.Open(device, threads: 2);
        using ParameterSet parameters = Filled(net, backend);
        float[] images = Pictures.For(parameters.Graph, Images);
        ChangeRateReport report = new ChangeRates { Batch = 5, Passes = passes }.Measure(parameters, images, Images, Seed);
        Dictionary<Node, double[]> squares = BruteForce(parameters, images, passes);
        Assert.That(report.Layers.Select(l => l.Name), Is.EqualTo(parameters.Graph.Affine.Select(n => n.Name)));
        Assert.Multiple(() =>
        {
            foreach (LayerRate layer in report.Layers)
            {
                Node node = parameters.Graph[layer.Name];
                double[] weights = parameters.Weight(node).ReadExact(), mean = [.. squares[node].Select(s => s / Images / passes)];
                double size = Math.Sqrt(weights.Average(w => w * w));
                IReadOnlyList<int> dimensions = node.ParameterSpecs[0].Dimensions;
                int fanIn = node.ParameterSpecs[0].FanIn, columns = dimensions[1], taps = fanIn / columns;
                double[] columnRates = [.. Enumerable.Range(0, columns).Select(j => Math.Sqrt(mean.Where((_, i) => i % fanIn / taps == j).Average()) / size)];
                double[] elementRates = [.. mean.Select(m => Math.Sqrt(m) / size)];
                Assert.That(layer.Rate / columnRates.Average(), Is.EqualTo(1).Within(1e-4), $"{node.Name}: columns");
                Assert.That(layer.RateCv, Is.EqualTo(Variation(columnRates)).Within(1e-4), $"{node.Name}: columns' variation");
                Assert.That(layer.ElementRate / elementRates.Average(), Is.EqualTo(1).Within(1e-4), $"{node.Name}: elements");
                Assert.That(layer.ElementRateCv, Is.EqualTo(Variation(elementRates)).Within(1e-4), $"{node.Name}: elements' variation");
                Assert.That(layer.RootMeanSquareRate / (Math.Sqrt(mean.Average()) / size), Is.EqualTo(1).Within(1e-4), $"{node.Name}: whole");
            }
            Assert.That(report.Flatness, Is.EqualTo(report.Layers.Max(l => l.Rate) / report.Layers.Min(l => l.Rate)));
        });
    }

    [Test]
    public void Outputs_are_described_by_their_channels([ValueSource(nameof(Cases))] Case net)
    {
        using Backend backend = Backends.Open("cpu", threads: 2);
        using ParameterSet parameters = Filled(net, backend);
        float[] images = Pictures.For(parameters.Graph, Images);
        ChangeRateReport report = new ChangeRates { Batch = 5, Elements = false }.Measure(parameters, images, Images, Seed);
        foreach ((Node node, double[] output) in Measured.AffineOutputs(parameters, images, Images))
        {
            LayerRate layer = report.Layers.Single(l => l.Name == node.Name);
            (double Mean, double Deviation)[] channels = Measured.Moments(output, node.Shape);
            double deviation = channels.Average(c => c.Deviation);
            Assert.That(layer.OutputMean, Is.EqualTo(channels.Average(c => c.Mean)).Within(1e-5 * deviation), node.Name);
            Assert.That(layer.OutputStd, Is.EqualTo(deviation).Within(1e-5 * deviation), node.Name);
            Assert.That(layer.OutputStdCv, Is.EqualTo(Variation([.. channels.Select(c => c.Deviation)])).Within(1e-5), node.Name);
            Assert.That(layer.ElementRate, Is.NaN);
        }
    }

    [Test]
    public void Any_batch_gives_the_same([ValueSource(nameof(Cases))] Case net, [Values(1, 3, 13, 64)] int batch)
    {
        using Backend backend = Backends.Open("cpu", threads: 2);
        using ParameterSet parameters = Filled(net, backend);
        float[] images = Pictures.For(parameters.Graph, Images);
        ChangeRateReport five = new ChangeRates { Batch = 5 }.Measure(parameters, images, Images, Seed), other = new ChangeRates { Batch = batch }.Measure(parameters, images, Images, Seed);
        foreach ((LayerRate a, LayerRate b) in five.Layers.Zip(other.Layers))
        {
            Assert.That(b.Rate, Is.EqualTo(a.Rate).Within(1e-6 * a.Rate), a.Name);
            Assert.That(b.ElementRate, Is.EqualTo(a.ElementRate).Within(1e-6 * a.ElementRate), a.Name);
            Assert.That(b.ElementRateCv, Is.EqualTo(a.ElementRateCv).Within(1e-5), a.Name);
            Assert.That(b.OutputStd, Is.EqualTo(a.OutputStd).Within(1e-6 * a.OutputStd), a.Name);
        }
    }

    // Rectifiers and max pooling only, so the function stays; the gradient of the first goes with 1/c and its weights with c, and the other way round.
    [TestCase("conv1", "conv2")]
    [TestCase("conv3", "fc4")]
    [TestCase("fc4", "fc5")]
    public void Scaling_a_layer_and_its_reader_against_it_moves_the_rates_by_the_square(string layer, string reader)
    {
        const float C = 1.7f;
        using Backend backend = Backends.Open("reference");
        using ParameterSet parameters = Filled(Cases[0], backend);
        float[] images = Pictures.For(parameters.Graph, Images);
        double[][] scores = Measured.Scores(parameters, images, Images);
        ChangeRateReport before = new ChangeRates().Measure(parameters, images, Images, Seed);
        foreach ((string name, double factor) in new[] { ($"{layer}.weight", C), ($"{layer}.bias", C), ($"{reader}.weight", 1 / (double)C) })
            parameters[name].Write([.. parameters[name].ReadExact().Select(v => v * factor)]);
        ChangeRateReport after = new ChangeRates().Measure(parameters, images, Images, Seed);
        Assert.That(Sample.RelativeError(scores[0], Measured.Scores(parameters, images, Images)[0]), Is.LessThan(1e-12), "the function stays");
        foreach ((LayerRate a, LayerRate b) in before.Layers.Zip(after.Layers))
        {
            double expected = a.Name == layer ? Math.Pow(C, -2) : a.Name == reader ? C * C : 1;
            foreach ((double was, double now) in new[] { (a.Rate, b.Rate), (a.ElementRate, b.ElementRate), (a.RootMeanSquareRate, b.RootMeanSquareRate) })
                Assert.That(now / was, Is.EqualTo(expected).Within(1e-5), a.Name);
            Assert.That(b.RateCv, Is.EqualTo(a.RateCv).Within(1e-5), a.Name);
        }
    }

    [Test]
    public void Every_head_is_noisy_on_its_own()
    {
        using Backend backend = Backends.Open("cpu", threads: 2);
        using ParameterSet parameters = Filled(Cases[1], backend);
        float[] images = Pictures.For(parameters.Graph, Images);
        double Rate(string layer) => new ChangeRates { Elements = false }.Measure(parameters, images, Images, Seed).Layers.Single(l => l.Name == layer).Rate;
        double main = Rate("main/classifier"), shared = Rate("conv1");
        parameters["auxiliary/classifier.scale"].Fill(100);
        Assert.That(Rate("main/classifier"), Is.EqualTo(main).Within(1e-6 * main), "no noise of the other head");
        Assert.That(Rate("conv1"), Is.GreaterThan(2 * shared), "the layers below hear both");
    }

    [Test]
    public void Another_draw_is_other_noise_and_the_same_draw_the_same()
    {
        using Backend backend = Backends.Open("cpu", threads: 2);
        using ParameterSet parameters = Filled(Cases[0], backend);
        float[] images = Pictures.For(parameters.Graph, Images);
        double Rate(ulong seed, uint draw) => new ChangeRates { Draw = draw, Elements = false }.Measure(parameters, images, Images, seed).Layers[0].Rate;
        double rate = Rate(1, 0);
        Assert.That(Rate(1, 0), Is.EqualTo(rate));
        Assert.That(Rate(1, 1), Is.Not.EqualTo(rate).And.EqualTo(rate).Within(50).Percent);
        Assert.That(Rate(2, 0), Is.Not.EqualTo(rate).And.EqualTo(rate).Within(50).Percent);
    }

    // Weights of a useful size, biases and scales far from where they start.
    private static ParameterSet Filled(Case net, Backend backend)
    {
        var parameters = new ParameterSet(net.Graph(), backend);
        new MsraInit().Apply(parameters, seed: 2);
        float scale = 0.4f;
        foreach (Node node in parameters.Graph.Affine)
        {
            parameters.Bias(node)?.Fill(0.3f);
            parameters.Scale(node).Fill(scale);
            scale = 2.1f - scale;
        }
        return parameters;
    }

    // Σ over images and passes of g², g the weight's gradient that the kernels themselves give for one image, with the noise that the rates
    // were measured with.
    private static Dictionary<Node, double[]> BruteForce(ParameterSet parameters, float[] images, int passes)
    {
        Graph graph = parameters.Graph;
        Dictionary<Node, double[]> squares = graph.Affine.ToDictionary(n => n, n => new double[parameters.Weight(n).Count]);
        using var net = new Net(parameters, 1);
        int size = graph["data"].Shape.Count;
        foreach (int stream in new[] { 0, 2, 3 }.Take(passes))
        {
            var noise = new Philox(Seed, RandomPurpose.Noise, stream);
            for (int n = 0; n < Images; n++)
            {
                parameters.ClearGradients();
                net.Load(graph["data"], images.AsSpan(n * size, size));
                net.Forward(Phase.Test);
                net.Backward([.. graph.Outputs.Select(o =>
                {
                    float[] eta = new float[o.Shape.Count];
                    noise.FillGaussian(eta);
                    return (o, eta);
                })]);
                foreach ((Node node, double[] sums) in squares)
                {
                    double[] gradient = parameters.Weight(node).ReadGradientExact();
                    for (int i = 0; i < sums.Length; i++) sums[i] += gradient[i] * gradient[i];
                }
            }
        }
        return squares;
    }

    private static double Variation(double[] values)
    {
        double mean = values.Average();
        return Math.Sqrt(values.Average(v => (v - mean) * (v - mean))) / mean;
    }
}

using EvenNet.Framework;
using EvenNet.Initialization;
using EvenNet.Kernels;

namespace EvenNet.Tests;

/// <summary>Errors on their way down a deep plain net: how they grow, and that modulation keeps their size and every gradient's direction.</summary>
public sealed class ErrorModulationTests
{
    private const int Depth = 24, Width = 96, Batch = 192;

    // Affine, batch normalization, rectifier, over and over.
    private static Graph Chain()
    {
        Node x = Node.Input("data", Width);
        for (int i = 1; i <= Depth; i++) x = x.InnerProduct($"f{i:00}", Width, bias: false).BatchNorm($"b{i:00}").Scale($"s{i:00}").Relu();
        return Graph.Of(x.InnerProduct("top", 10).SoftmaxLoss(Node.Input("label", 1)));
    }

    [Test]
    public void Errors_grow_from_layer_to_layer_without_modulation_and_keep_their_size_with_it()
    {
        double[] plain = Sizes(band: 0), modulated = Sizes(band: 1);
        // The first layer has no rectifier below, and the topmost stands above the chain.
        double Gain(double[] q) => Math.Pow(q[1] / q[Depth - 1], 1.0 / (Depth - 2));
        Assert.That(Gain(plain), Is.EqualTo(1.44).Within(0.1));
        Assert.That(Gain(modulated), Is.EqualTo(1).Within(0.05));
        Assert.That(modulated.Skip(1).Select(q => q / modulated[^1]), Is.All.EqualTo(1).Within(1e-3), "each is brought to the topmost's");
    }

    [TestCase(ModulationAnchor.Top, 1.05)]
    [TestCase(ModulationAnchor.Top, 1.3)]
    [TestCase(ModulationAnchor.Previous, 1.0)]
    public void Sizes_stay_within_the_band_and_gradients_keep_their_direction(ModulationAnchor anchor, double band)
    {
        (Dictionary<string, double[]> plain, _) = Gradients(watcher: null);
        using Backend backend = Backends.Open("cpu", threads: 2);
        var modulation = new ErrorModulation(backend) { Anchor = anchor, Band = band };
        (Dictionary<string, double[]> modulated, Dictionary<string, double> after) = Gradients(modulation);
        double top = after["top"];
        foreach (double size in after.Values) Assert.That(Math.Sqrt(size / top), Is.InRange(1 / (band * 1.001), band * 1.001));
        foreach ((string name, double[] gradient) in plain)
        {
            double[] other = modulated[name];
            double dot = gradient.Zip(other, (a, b) => a * b).Sum(), cosine = dot / Math.Sqrt(gradient.Sum(a => a * a) * other.Sum(b => b * b));
            Assert.That(cosine, Is.GreaterThan(0.9999), name);
        }
        Assert.That(modulated["f02.weight"].Sum(a => a * a), Is.LessThan(0.01 * plain["f02.weight"].Sum(a => a * a)), "something was done");
    }

    [Test]
    public void Factors_are_clamped_held_and_ended_as_asked()
    {
        using Backend backend = Backends.Open("cpu", threads: 2);
        var clamped = new ErrorModulation(backend) { Band = 1, Least = 0.9, Most = 1.1 };
        _ = Gradients(clamped);
        Assert.That(clamped.Factors.Values, Is.All.InRange(0.9, 1.1));
        Assert.That(clamped.Factors.Values, Has.Some.EqualTo(0.9));

        var first = new ErrorModulation(backend) { Band = 1, FirstPasses = 1 };
        _ = Gradients(first, passes: 2);
        Assert.That(first.Factors.Values, Is.All.EqualTo(1), "the second pass is left alone");

        var held = new ErrorModulation(backend) { Band = 1, Every = 2 };
        _ = Gradients(held, passes: 1);
        Dictionary<Node, double> found = new(held.Factors);
        Assert.That(found.Values.Distinct().Count(), Is.GreaterThan(Depth / 2));
    }

    private static double[] Sizes(double band)
    {
        using Backend backend = Backends.Open("cpu", threads: 2);
        var modulation = new ErrorModulation(backend) { Band = band > 0 ? band : double.PositiveInfinity };
        (_, Dictionary<string, double> after) = Gradients(modulation);
        return [.. after.OrderBy(a => a.Key, StringComparer.Ordinal).Select(a => a.Value)];
    }

    // The gradients of all weights, and the size of each error after what the watcher did to it.
    private static (Dictionary<string, double[]> Gradients, Dictionary<string, double> Sizes) Gradients(IBackwardWatcher? watcher, int passes = 1)
    {
        using Backend backend = Backends.Open("cpu", threads: 2);
        using var parameters = new ParameterSet(Chain(), backend);
        new OrthonormalInit().Apply(parameters, seed: 3);
        foreach (Node scale in parameters.Graph.Nodes.Where(n => n.Layer is Scale)) parameters.Weight(scale).Fill(1);
        var after = new After(backend, watcher);
        using var net = new Net(parameters, Batch, new() { Fuse = false, Watcher = after });
        float[] data = new float[Batch * Width], labels = new float[Batch];
        var random = new Philox(9, RandomPurpose.Noise);
        random.FillGaussian(data);
        for (int i = 0; i < Batch; i++) labels[i] = i % 10;
        net.Load(parameters.Graph["data"], data);
        net.Load(parameters.Graph["label"], labels);
        for (int i = 0; i < passes; i++)
        {
            parameters.ClearGradients();
            net.Forward();
            net.Backward();
        }
        return (parameters.All.Where(p => p.Spec.IsLearned && p.Spec.Name == "weight" && p.Node.Layer is IAffine).ToDictionary(p => p.Name, p => p.ReadGradientExact()), after.Sizes);
    }

    private sealed class After(Backend backend, IBackwardWatcher? inner) : IBackwardWatcher
    {
        public Dictionary<string, double> Sizes { get; } = [];

        public void Begin() => inner?.Begin();

        public void Arrived(Node node, Tensor error)
        {
            inner?.Arrived(node, error);
            Sizes[node.Name] = ErrorModulation.MeanSquare(backend, error);
        }
    }
}

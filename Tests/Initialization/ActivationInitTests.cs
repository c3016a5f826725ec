using EvenNet.Framework;
using EvenNet.Initialization;
using EvenNet.Kernels;

namespace EvenNet.Tests;

/// <summary>Initializers and rescalers on nets of every activation: layers are set by what reaches them, and scale layers keep any function.</summary>
public sealed class ActivationInitTests
{
    private const int Images = 96, Classes = 100;
    private const float Beta = 0.1f;

    private static readonly Dictionary<string, Func<Node, string, Node>> Activations = new()
    {
        ["vlrelu"] = (x, _) => x.Relu(Relu.VeryLeaky),
        ["prelu"] = (x, name) => x.PRelu(name),
        ["prelu-shared"] = (x, name) => x.PRelu(name, shared: true),
        ["elu"] = (x, _) => x.Elu(),
        ["tanh"] = (x, _) => x.Tanh(),
        ["sigmoid"] = (x, _) => x.Sigmoid(),
        ["maxout"] = (x, _) => x,
    };

    private static IEnumerable<string> Names => Activations.Keys;

    private static Graph Net(string activation)
    {
        int pieces = activation == "maxout" ? 2 : 1;
        Node Convolution(Node x, string name, int outputs, int kernel) =>
            Activations[activation](pieces > 1 ? x.MaxoutConvolution(name, outputs, pieces, kernel) : x.Convolution(name, outputs, kernel), $"{name}/slopes");
        Node y = Convolution(Convolution(Node.Input("data", 3, 19, 17), "conv1", 12, 5).MaxPool("pool1", 3, stride: 2), "conv2", 16, 3);
        Node left = Convolution(y, "left", 10, 1), right = Convolution(y, "right", 10, 1);
        Node hidden = pieces > 1 ? Node.Sum("join", left, right).MaxoutInnerProduct("fc3", 20, pieces) : Node.Sum("join", left, right).InnerProduct("fc3", 20);
        return Graph.Of(Activations[activation](hidden, "fc3/slopes").InnerProduct("fc4", Classes));
    }

    [Test]
    public void Every_channel_gets_its_mean_and_deviation_and_rates_become_even(
        [ValueSource(nameof(Names))] string activation, [Values("gaussian", "kmeans")] string method)
    {
        using Backend backend = Backends.Open("cpu", threads: 2);
        using var parameters = new ParameterSet(Net(activation), backend);
        float[] images = Pictures.For(parameters.Graph, Images);
        InitReport report = Initializer.Run(parameters, images, Images, new InitOptions { Method = method, Elements = false });
        TestContext.Out.WriteLine($"flatness {report.Rates.Flatness:F3}, function change {report.FunctionChange:E1}");
        Assert.Multiple(() =>
        {
            Assert.That(report.Notes.Where(n => n.Kind != "too-few-samples"), Is.Empty);
            Assert.That(report.Within!.Layers.Select(l => l.Layer), Is.EqualTo(parameters.Graph.Affine.Select(n => n.Name)));
            foreach ((Node node, double[] values) in Measured.AffineOutputs(parameters, images, Images))
            {
                (double Mean, double Deviation)[] channels = Measured.Moments(values, node.Shape);
                Assert.That(channels.Select(c => c.Mean), Is.All.EqualTo(Beta).Within(1e-3), node.Name);
                Assert.That(channels.Select(c => c.Deviation), Is.All.EqualTo(1).Within(1e-3), node.Name);
            }
            Assert.That(report.FunctionChange, Is.LessThan(1e-5));
            Assert.That(report.Rates.Flatness, Is.LessThan(1.15));
            Assert.That(parameters.All.Where(p => p.Spec.Name == "slope").SelectMany(p => p.Read()), Is.All.EqualTo(0.25f), "slopes stay as they were");
        });
    }

    // On the reference nothing is rounded, so that nothing at all may change.
    [Test]
    public void Scale_layers_keep_the_function_exactly([ValueSource(nameof(Names))] string activation)
    {
        const int Few = 12;
        using Backend backend = Backends.Open("reference");
        using var parameters = new ParameterSet(Net(activation), backend);
        float[] images = Pictures.For(parameters.Graph, Few);
        new MsraInit().Apply(parameters, seed: 1);
        double[] before = Measured.Scores(parameters, images, Few)[0];
        RescaleReport report = new ScaleLayerRescaler().Apply(parameters, images, Few, seed: 1);
        Assert.That(report.Rates[0].Max() / report.Rates[0].Min(), Is.GreaterThan(1.5), "something to do");
        Assert.That(Sample.RelativeError(before, Measured.Scores(parameters, images, Few)[0]), Is.LessThan(1e-12));
    }

    [Test]
    public void Rescaling_without_scale_layers_is_refused_before_anything_changes([Values("elu", "tanh", "sigmoid")] string activation, [Values("paper", "reference")] string mode)
    {
        using Backend backend = Backends.Open("cpu", threads: 1);
        using var parameters = new ParameterSet(Net(activation), backend);
        float[] images = Pictures.For(parameters.Graph, 8);
        new XavierInit().Apply(parameters, seed: 1);
        Dictionary<string, float[]> before = Measured.Values(parameters);
        string named = $"conv1/{activation} ({char.ToUpperInvariant(activation[0])}{activation[1..]}), the first of 5 such layers, is not homogeneous";
        Assert.That(() => Initializer.Run(parameters, images, 8, new InitOptions { Method = "gaussian", Between = mode }),
            Throws.TypeOf<GraphException>().With.Message.Contains(named).And.Message.Contains(mode).And.Message.Contains("use scale-layers"));
        Assert.That(() => InitMethods.Rescaler(mode, new InitOptions())!.Apply(parameters, images, 8, seed: 1), Throws.TypeOf<GraphException>());
        Assert.That(Measured.Values(parameters), Is.EqualTo(before));
    }

    [Test]
    public void Learned_slopes_let_a_factor_through_and_are_rescaled_as_the_paper_has_it([Values("vlrelu", "prelu", "prelu-shared")] string activation)
    {
        Node x = Activations[activation](Node.Input("data", 3, 15, 15).Convolution("conv1", 12, 5), "a");
        Graph graph = Graph.Of(Activations[activation](x.InnerProduct("fc2", 20), "b").InnerProduct("fc3", Classes));
        using Backend backend = Backends.Open("cpu", threads: 2);
        using var parameters = new ParameterSet(graph, backend);
        float[] images = Pictures.For(graph, Images);
        InitReport report = Initializer.Run(parameters, images, Images, new InitOptions { Method = "gaussian", Between = "paper", Damping = 1, Elements = false });
        TestContext.Out.WriteLine($"flatness {report.Rates.Flatness:F3}, function change {report.FunctionChange:E1}");
        Assert.That(report.Notes, Is.Empty);
        Assert.That(report.FunctionChange, Is.LessThan(1e-4));
    }
}

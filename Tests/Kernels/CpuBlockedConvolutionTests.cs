using EvenNet.Framework;
using EvenNet.Kernels;
using EvenNet.Kernels.Cpu;

namespace EvenNet.Tests.Kernels;

public sealed class CpuBlockedConvolutionTests
{
    private static Node Image(int channels = 3) => Node.Input("data", channels, 23, 27);

    private static IEnumerable<LayerCase> FirstLayers =>
    [
        new("11×11 stride 4", 3, () => Image().Convolution("c", 40, 11, stride: 4).Relu().Convolution("d", 8, 3, pad: 1)),
        new("7×7 stride 2 pad 3", 2, () => Image().Convolution("c", 16, 7, stride: 2, pad: 3).Relu().Convolution("d", 8, 3)),
        new("one channel, 3×3", 2, () => Image(1).Convolution("c", 20, 3, pad: 1).Convolution("d", 8, 1, stride: 2)),
        new("4 channels read twice with different borders", 2, () =>
        {
            Node x = Image(4);
            return Node.Concat("both", x.Convolution("a", 16, 3, pad: 1), x.Convolution("b", 16, 5, pad: 2)).Convolution("d", 8, 1);
        }),
    ];

    // The ladder asks for input gradients, for which a first layer reads its image in blocks; without, it reads it as it comes.
    [TestCaseSource(nameof(FirstLayers))]
    public void A_first_layer_that_reads_its_image_as_it_comes_agrees_with_the_reference(LayerCase layerCase)
    {
        using Backend reference = Backends.Open("reference"), cpu = Backends.Open("cpu");
        (Dictionary<string, double[]> expected, _) = Run(layerCase, reference);
        (Dictionary<string, double[]> actual, string plan) = Run(layerCase, cpu);
        Assert.That(plan, Does.Contain("cpu.direct-convolution"));
        foreach ((string name, double[] values) in expected)
            Assert.That(Sample.RelativeError(values, actual[name]), Is.LessThan(1e-4), name);
    }

    private static IEnumerable<LayerCase> WinogradLayers =>
    [
        new("a rectifier between", 2, () => Node.Input("data", 40, 20, 21).Convolution("c", 48, 3, pad: 1).Relu().Convolution("d", 20, 3, pad: 1)),
        new("groups without padding", 3, () => Node.Input("data", 64, 19, 18).Convolution("c", 96, 3, groups: 2).Relu().Convolution("d", 16, 3, pad: 2)),
        new("read twice", 2, () =>
        {
            Node x = Node.Input("data", 16, 22, 17).Convolution("c", 32, 3, pad: 1).Relu();
            return Node.Concat("both", x.Convolution("a", 16, 3, pad: 1), x.Convolution("b", 48, 3, pad: 1)).Relu();
        }),
    ];

    [TestCaseSource(nameof(WinogradLayers))]
    public void Layers_of_many_tiles_run_by_winograd_and_agree_with_the_reference(LayerCase layerCase)
    {
        using Backend reference = Backends.Open("reference"), cpu = Backends.Open("cpu");
        foreach (bool inputGradients in new[] { false, true })
        {
            (Dictionary<string, double[]> expected, _) = Run(layerCase, reference, inputGradients);
            (Dictionary<string, double[]> actual, string plan) = Run(layerCase, cpu, inputGradients);
            Assert.That(plan, Does.Contain("cpu.winograd-convolution+relu").And.Not.Contain("direct"));
            foreach ((string name, double[] values) in expected)
                Assert.That(Sample.RelativeError(values, actual[name]), Is.LessThan(1e-4), name);
        }
    }

    [TestCase("cpu.winograd-convolution+relu", 8, 256, 384, 13, true)]
    [TestCase("cpu.direct-convolution+relu", 1, 256, 384, 13, true)]
    [TestCase("cpu.winograd-convolution+relu", 1, 256, 384, 13, false)]
    [TestCase("cpu.direct-convolution+relu", 1, 160, 320, 7, false)]
    [TestCase("cpu.direct-convolution+relu", 64, 16, 16, 2, true)]
    [TestCase("cpu.winograd-convolution+relu", 10, 48, 128, 27, true, 5)]
    [TestCase("cpu.winograd-convolution+relu", 1, 48, 128, 27, false, 5)]
    [TestCase("cpu.direct-convolution+relu", 8, 16, 32, 28, true, 5)]
    [TestCase("cpu.direct-convolution+relu", 8, 64, 64, 28, true, 7)]
    public void The_kernels_name_shows_how_it_runs(string name, int batch, int inputs, int outputs, int size, bool backward, int window = 3) =>
        Assert.That(SquareOffer(batch, inputs, outputs, size, backward, window).Name, Is.EqualTo(name));

    [TestCase(1, 5)]
    [TestCase(4, 28)]
    public void A_plan_without_a_backward_pass_takes_no_workspace_for_one(int batch, int size)
    {
        KernelOffer training = SquareOffer(batch, 64, 64, size, backward: true), inference = SquareOffer(batch, 64, 64, size, backward: false);
        Assert.That(inference.Scratch, Is.LessThan(training.Scratch));
        if (inference.Name.Contains("direct", StringComparison.Ordinal)) Assert.That(inference.Scratch, Is.Zero);
    }

    private static KernelOffer SquareOffer(int batch, int inputs, int outputs, int size, bool backward, int window = 3)
    {
        using var threads = new Threads(2);
        var layer = new Convolution(outputs, window) { Pad = window / 2 };
        var x = new Shape(inputs, size, size);
        var request = new KernelRequest(layer, batch, [x], layer.Infer([x]), [LayoutKind.Blocked], Relu: true, InputGradient: backward) { Backward = backward };
        return CpuBlockedConvolution.Offer(request, threads)!;
    }

    [TestCase(7)]
    [TestCase(25)]
    public void Changed_parameters_are_packed_again(int size)
    {
        var layerCase = new LayerCase("three layers", 2, () => Node.Input("data", 16, size, size).Convolution("c", 32, 3, pad: 1).Relu().Convolution("d", 8, 3));
        using Backend cpu = Backends.Open("cpu");
        Graph graph = layerCase.Graph();
        using var parameters = new ParameterSet(graph, cpu);
        using var used = new Net(parameters, 2, new() { InputGradients = true });
        double[] image = [];
        layerCase.Fill(parameters, (_, data) => image = data);
        used.Load(graph["data"], image);
        double[] before = Pass(used, layerCase, graph);
        foreach (Parameter p in parameters.All)
        {
            p.Write(p.ReadExact().Select((v, i) => v * (1.5 + i % 3)).ToArray());
            double[] changed = Pass(used, layerCase, graph);
            using var fresh = new Net(parameters, 2, new() { InputGradients = true });
            fresh.Load(graph["data"], image);
            Assert.That(changed, Is.EqualTo(Pass(fresh, layerCase, graph)), p.Name);
            Assert.That(changed, Is.Not.EqualTo(before), p.Name);
            before = changed;
        }
    }

    [Test]
    public void A_step_does_not_allocate([Values] bool winograd)
    {
        using var cpu = new CpuBackend(2);
        Graph graph = Graph.Of(Node.Input("data", 32, winograd ? 27 : 9, 9).Convolution("c", 48, 3, stride: winograd ? 1 : 2, pad: 1).Relu());
        using var parameters = new ParameterSet(graph, cpu);
        Node c = graph["c"];
        var request = new KernelRequest(c.Layer, 2, c.InputShapes, c.Shape, [LayoutKind.Blocked], Relu: true, InputGradient: true);
        KernelOffer offer = CpuBlockedConvolution.Offer(request, cpu.Threads)!;
        Assert.That(offer.Name, Does.StartWith(winograd ? "cpu.winograd-convolution" : "cpu.direct-convolution"));
        Tensor Make(Shape shape, int halo)
        {
            Layout layout = Layout.Blocked(halo);
            long count = 2 * layout.SampleCount(shape);
            return new Tensor(new Region(cpu.Allocate(count), 0, count), 2, shape, layout);
        }

        using Kernel kernel = offer.Bind(new Bindings
        {
            Request = request,
            Inputs = [Make(c.InputShapes[0], 1)],
            Output = Make(c.Shape, 1),
            OutputGradient = Make(c.Shape, offer.GradientHalo),
            InputGradients = [Make(c.InputShapes[0], 0)],
            Accumulate = [false],
            Parameters = parameters.Of(c),
            ParameterGradients = true,
            Saved = default,
            Scratch = new Region(cpu.Allocate(offer.Scratch), 0, offer.Scratch),
            Random = default,
        });
        Parameter[] learned = [.. parameters.Of(c)];
        Assert.That(Allocations.Of(cpu.Threads, Step, count: 20), Is.Zero);

        void Step()
        {
            foreach (Parameter p in learned) p.MarkChanged();
            kernel.Forward(Phase.Train);
            kernel.Backward();
        }
    }

    [Test]
    public void What_tiles_cannot_do_is_left_to_others()
    {
        using var threads = new Threads(1);
        KernelOffer? OfferFor(Convolution layer, int channels, bool inputGradient = true)
        {
            var x = new Shape(channels, 9, 9);
            return CpuBlockedConvolution.Offer(new(layer, 2, [x], layer.Infer([x]), [LayoutKind.Plain], Relu: true, inputGradient), threads);
        }

        Assert.That(OfferFor(new Convolution(8, 3) { Groups = 8 }, 8), Is.Null, "depthwise");
        Assert.That(OfferFor(new Convolution(48, 3) { Groups = 2 }, 32), Is.Null, "24 outputs a group");
        Assert.That(OfferFor(new Convolution(64, 3) { Groups = 2, Pad = 2 }, 32)!.Reads[0], Is.EqualTo(Layout.Blocked(2)));
        Assert.That(OfferFor(new Convolution(10, 3) { Pad = 1 }, 3, inputGradient: false)!.Reads[0], Is.EqualTo(new Layout(LayoutKind.Plain, 1)));
        Assert.That(OfferFor(new Convolution(10, 3) { Pad = 1 }, 3)!.Reads[0], Is.EqualTo(Layout.Blocked(1)));
    }

    private static (Dictionary<string, double[]> Results, string Plan) Run(LayerCase layerCase, Backend backend, bool inputGradients = false)
    {
        Graph graph = layerCase.Graph();
        using var parameters = new ParameterSet(graph, backend);
        using var net = new Net(parameters, layerCase.Batch, new() { InputGradients = inputGradients });
        layerCase.Fill(parameters, (node, data) => net.Load(node, data));
        net.Forward();
        var results = new Dictionary<string, double[]> { ["y"] = net[graph.Outputs[0]].ReadExact() };
        net.Backward(LayerRun.Seeds(layerCase, graph));
        foreach (Parameter p in parameters.All.Where(p => p.Spec.IsLearned)) results[p.Name] = p.ReadGradientExact();
        if (inputGradients) results["dx"] = net.GradientOf(graph.Nodes[0]).ReadExact();
        return (results, net.Describe());
    }

    // The output and the input's gradient.
    private static double[] Pass(Net net, LayerCase layerCase, Graph graph)
    {
        net.Forward();
        double[] y = net[graph.Outputs[0]].ReadExact();
        net.Backward(LayerRun.Seeds(layerCase, graph));
        return [.. y, .. net.GradientOf(graph["data"]).ReadExact()];
    }
}

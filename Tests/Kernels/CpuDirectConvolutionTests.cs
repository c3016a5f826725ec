using EvenNet.Framework;
using EvenNet.Kernels;
using EvenNet.Kernels.Cpu;

namespace EvenNet.Tests.Kernels;

public sealed class CpuDirectConvolutionTests
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

    [Test]
    public void Changed_parameters_are_packed_again()
    {
        var layerCase = new LayerCase("three layers", 2, () => Node.Input("data", 16, 7, 7).Convolution("c", 32, 3, pad: 1).Relu().Convolution("d", 8, 3));
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
    public void A_step_does_not_allocate()
    {
        using var cpu = new CpuBackend(2);
        Graph graph = Graph.Of(Node.Input("data", 32, 9, 9).Convolution("c", 48, 3, stride: 2, pad: 1).Relu());
        using var parameters = new ParameterSet(graph, cpu);
        Node c = graph["c"];
        var request = new KernelRequest(c.Layer, 2, c.InputShapes, c.Shape, [LayoutKind.Blocked], Relu: true, InputGradient: true);
        KernelOffer offer = CpuDirectConvolution.Offer(request, cpu.Threads)!;
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
            return CpuDirectConvolution.Offer(new(layer, 2, [x], layer.Infer([x]), [LayoutKind.Plain], Relu: true, inputGradient), threads);
        }

        Assert.That(OfferFor(new Convolution(8, 3) { Groups = 8 }, 8), Is.Null, "depthwise");
        Assert.That(OfferFor(new Convolution(48, 3) { Groups = 2 }, 32), Is.Null, "24 outputs a group");
        Assert.That(OfferFor(new Convolution(64, 3) { Groups = 2, Pad = 2 }, 32)!.Reads[0], Is.EqualTo(Layout.Blocked(2)));
        Assert.That(OfferFor(new Convolution(10, 3) { Pad = 1 }, 3, inputGradient: false)!.Reads[0], Is.EqualTo(new Layout(LayoutKind.Plain, 1)));
        Assert.That(OfferFor(new Convolution(10, 3) { Pad = 1 }, 3)!.Reads[0], Is.EqualTo(Layout.Blocked(1)));
    }

    private static (Dictionary<string, double[]> Results, string Plan) Run(LayerCase layerCase, Backend backend)
    {
        Graph graph = layerCase.Graph();
        using var parameters = new ParameterSet(graph, backend);
        using var net = new Net(parameters, layerCase.Batch);
        layerCase.Fill(parameters, (node, data) => net.Load(node, data));
        net.Forward();
        var results = new Dictionary<string, double[]> { ["y"] = net[graph.Outputs[0]].ReadExact() };
        net.Backward(LayerRun.Seeds(layerCase, graph));
        foreach (Parameter p in parameters.All.Where(p => p.Spec.IsLearned)) results[p.Name] = p.ReadGradientExact();
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

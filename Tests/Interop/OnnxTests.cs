using EvenNet.Framework;
using EvenNet.Interop;
using EvenNet.Models;

namespace EvenNet.Tests;

public sealed class OnnxTests
{
    // Of the largest score. Both sides add up in float32, in orders of their own.
    private const double Tolerance = 1e-4;

    private OnnxRuntime? runtime;
    private string missing = "";

    private static IEnumerable<LayerCase> Cases => Every.LayerCase.Where(c => c.Graph().Nodes.All(n => n.Layer is ILoss || OnnxExport.Layers.Contains(n.Layer.GetType())));

    private static string[] LargeNets => ["caffenet", "alexnet", "caffenet-bn", "vgg16"];

    private static IEnumerable<string> SmallNets => Nets.All.Select(n => n.Name).Except(LargeNets);

    [OneTimeSetUp]
    public void Start() => runtime = OnnxRuntime.Start(out missing);

    [OneTimeTearDown]
    public void Stop() => runtime?.Dispose();

    [Test]
    public void Every_layer_computes_the_same_in_onnx_runtime([ValueSource(nameof(Cases))] LayerCase c)
    {
        using ExportedNet net = ExportedNet.Of(c);
        RequireEqual(net, new OnnxOptions());
    }

    [Test]
    public void Small_nets_compute_the_same_in_onnx_runtime([ValueSource(nameof(SmallNets))] string name)
    {
        using ExportedNet net = ExportedNet.Of(Nets.Find(name).Graph(), batch: 2);
        RequireEqual(net, new OnnxOptions());
    }

    [Test, Explicit("half a minute, and gigabytes of memory for VGG-16"), Category("Slow")]
    public void Large_nets_compute_the_same_in_onnx_runtime([ValueSource(nameof(LargeNets))] string name)
    {
        using ExportedNet net = ExportedNet.Of(Nets.Find(name).Graph(), batch: 1);
        RequireEqual(net, new OnnxOptions { WeightsBeside = name == "vgg16" ? true : null });
    }

    [TestCase("lenet/lenet.prototxt", "lenet/lenet_iter_10000.caffemodel")]
    [TestCase("cifar10_quick/cifar10_quick.prototxt", "cifar10_quick/cifar10_quick_iter_5000.caffemodel")]
    [TestCase("cifar10_full/cifar10_full.prototxt", "cifar10_full/cifar10_full_iter_70000.v1layers.caffemodel")]
    [TestCase("mtcnn/det1.prototxt", "mtcnn/det1.caffemodel")]
    [TestCase("mtcnn/det2.prototxt", "mtcnn/det2.caffemodel")]
    [TestCase("squeezenet_v1.0/deploy.prototxt", "squeezenet_v1.0/squeezenet_v1.0_deepcompressed.caffemodel")]
    public void Trained_models_of_Caffes_compute_the_same_in_onnx_runtime_and_come_back(string description, string weights)
    {
        string folder = SharedData.Require("data", "caffemodels");
        using ExportedNet net = ExportedNet.Of(CaffeFile.ReadText(Path.Combine(folder, description)).Graph().Graph, batch: 2);
        CaffeFile.ReadBinary(Path.Combine(folder, weights)).Load(net.Parameters);
        RequireSameBack(net, beside: false);
        RequireEqual(net, new OnnxOptions());
    }

    [Test]
    public void Every_layer_of_the_framework_is_written_but_losses_regions_and_what_only_planners_make()
    {
        IEnumerable<Type> layers = typeof(Layer).Assembly.GetTypes().Where(t => t.IsSubclassOf(typeof(Layer)) && !t.IsAssignableTo(typeof(ILoss)));
        Assert.That(layers.Except(OnnxExport.Layers), Is.EquivalentTo(new[] { typeof(Reorder), typeof(RoiPooling) }));
    }

    [Test]
    public void Weights_may_lie_beside_the_model()
    {
        using ExportedNet net = ExportedNet.Of(Nets.Find("cifar10_quick").Graph(), batch: 3);
        RequireEqual(net, new OnnxOptions { WeightsBeside = true });
    }

    [Test]
    public void Every_layer_comes_back([ValueSource(nameof(Cases))] LayerCase c)
    {
        using ExportedNet net = ExportedNet.Of(c);
        RequireSameBack(net, beside: false);
    }

    [Test]
    public void Small_nets_come_back_layer_by_layer([ValueSource(nameof(SmallNets))] string name, [Values] bool beside)
    {
        using ExportedNet net = ExportedNet.Of(Nets.Find(name).Graph(), batch: 1);
        Graph back = RequireSameBack(net, beside);
        Assert.That(back.Nodes.Select(n => (n.Name, Kind(n), n.Shape)), Is.EquivalentTo(net.Parameters.Graph.Nodes.Select(n => (n.Name, Kind(n), n.Shape))));

        // Rounding down comes to the same where nothing is left over.
        static object Kind(Node n) => n.Layer switch
        {
            Pooling p => p with { Floor = false },
            Convolution c => c with { Decay = 1, BiasRate = 2 },
            InnerProduct f => f with { Decay = 1, BiasRate = 2 },
            BatchNorm b => b with { Fraction = 0 },
            Eltwise e => e.Kind,
            _ => n.Layer,
        };
    }

    [Test]
    public void A_layer_without_a_counterpart_is_named_and_those_that_have_one_are_listed()
    {
        Node odd = new("odd", new Reorder(default), Node.Input("data", 3, 4, 4));
        using ExportedNet net = ExportedNet.Of(Graph.Of(odd), batch: 1);
        using var folder = new TemporaryFolder();
        Assert.That(() => OnnxExport.Write(net.Parameters, folder["net.onnx"]), Throws.TypeOf<GraphException>().With.Message.Contains("odd (Reorder): this layer has no counterpart").And.Message.Contains("LrnWithin"));
        Assert.That(folder.Names, Is.Empty);
    }

    private void RequireEqual(ExportedNet net, OnnxOptions options)
    {
        if (runtime is null) Assert.Ignore(missing);
        using var folder = new TemporaryFolder();
        OnnxExport.Write(net.Parameters, folder["net.onnx"], options);
        Assert.That(File.Exists(folder["net.onnx.data"]), Is.EqualTo(options.WeightsBeside == true));
        var theirs = runtime!.Run(folder["net.onnx"], net.Inputs);
        double[][] ours = net.Run();
        for (int i = 0; i < ours.Length; i++)
        {
            // An output that is an input has a copy's name there.
            (int[] sizes, double[] values) = theirs[net.Scores[i].Layer is Input ? $"{net.Scores[i].Name}/output" : net.Scores[i].Name];
            double error = Sample.RelativeError(ours[i], values);
            TestContext.Out.WriteLine($"{net.Scores[i].Name} [{string.Join(", ", sizes)}]: {error:E1}");
            Assert.That(sizes[0], Is.EqualTo(net.Batch));
            Assert.That(error, Is.LessThan(Tolerance), net.Scores[i].Name);
        }
    }

    private static Graph RequireSameBack(ExportedNet net, bool beside)
    {
        using var folder = new TemporaryFolder();
        OnnxExport.Write(net.Parameters, folder["net.onnx"], new OnnxOptions { WeightsBeside = beside });
        using OnnxFile file = OnnxFile.Open(folder["net.onnx"]);
        double[][] back = net.Run(file.Graph, file, out CheckpointReport report), ours = net.Run();
        Assert.That(report.Missing.Concat(report.Unused).Concat(report.Reshaped), Is.Empty);
        for (int i = 0; i < ours.Length; i++) Assert.That(Sample.RelativeError(ours[i], back[i]), Is.LessThan(1e-5), net.Scores[i].Name);
        return file.Graph;
    }
}

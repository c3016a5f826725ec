using EvenNet.Framework;
using EvenNet.Interop;
using EvenNet.Interop.OnnxFormat;
using EvenNet.Kernels;
using Google.Protobuf;

namespace EvenNet.Tests;

/// <summary>Models that others wrote, made here operator by operator.</summary>
public sealed class OnnxImportTests
{
    private static AttributeProto Whole(string name, long value) => new() { Name = name, I = value, Type = AttributeProto.Types.AttributeType.Int };

    private static AttributeProto Text(string name, string value) => new() { Name = name, S = ByteString.CopyFromUtf8(value), Type = AttributeProto.Types.AttributeType.String };

    private static AttributeProto Sizes(string name, params long[] values) => new() { Name = name, Ints = { values }, Type = AttributeProto.Types.AttributeType.Ints };

    private static TensorProto Floats(string name, long[] sizes, params float[] values) => new() { Name = name, DataType = 1, Dims = { sizes }, FloatData = { values } };

    private static TensorProto Integers(string name, params long[] values) => new() { Name = name, DataType = 7, Dims = { values.Length }, Int64Data = { values } };

    private static NodeProto Node(string @operator, string inputs, string output, params AttributeProto[] attributes) =>
        new() { OpType = @operator, Input = { inputs.Split(' ') }, Output = { output }, Attribute = { attributes } };

    private static ModelProto Model(long[] input, TensorProto[] tensors, params NodeProto[] nodes)
    {
        var sizes = new TensorShapeProto { Dim = { new TensorShapeProto.Types.Dimension { DimParam = "N" } } };
        foreach (long size in input) sizes.Dim.Add(new TensorShapeProto.Types.Dimension { DimValue = size });
        return new ModelProto
        {
            OpsetImport = { new OperatorSetIdProto { Version = 13 } },
            Graph = new GraphProto
            {
                Input = { new ValueInfoProto { Name = "x", Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = 1, Shape = sizes } } } },
                Output = { new ValueInfoProto { Name = nodes[^1].Output[0] } },
                Initializer = { tensors },
                Node = { nodes },
            },
        };
    }

    private static OnnxFile Open(TemporaryFolder folder, ModelProto model)
    {
        File.WriteAllBytes(folder["m.onnx"], model.ToByteArray());
        return OnnxFile.Open(folder["m.onnx"]);
    }

    private static (Node Output, double[] Values) Run(ModelProto model, params double[] x)
    {
        using var folder = new TemporaryFolder();
        using OnnxFile file = Open(folder, model);
        using Backend backend = Backends.Open("reference");
        using var parameters = new ParameterSet(file.Graph, backend);
        Checkpoint.Load(parameters, file);
        using var net = new Net(parameters, 1, new NetOptions { Backward = false });
        net.Load(file.Graph["x"], x);
        net.Forward(Phase.Test);
        return (file.Graph.Outputs[0], net[file.Graph.Outputs[0]].ReadExact());
    }

    private static void Refuses(ModelProto model, params string[] parts)
    {
        using var folder = new TemporaryFolder();
        string message = Assert.Throws<WeightsFormatException>(() => Open(folder, model).Dispose())!.Message;
        foreach (string part in parts) Assert.That(message, Does.Contain(part));
    }

    [Test]
    public void A_product_and_a_sum_become_an_inner_product()
    {
        ModelProto model = Model([2], [Floats("fc.weight", [2, 3], 1, 2, 3, 4, 5, 6), Floats("fc.bias", [3], 10, 20, 30)], Node("MatMul", "x fc.weight", "p"), Node("Add", "p fc.bias", "y"));
        (Node output, double[] values) = Run(model, 1, -1);
        Assert.That((output.Name, output.Layer), Is.EqualTo(("fc", (Layer)new InnerProduct(3))));
        Assert.That(values, Is.EqualTo(new double[] { 7, 17, 27 }));
    }

    [Test]
    public void A_general_product_has_factors_and_may_be_transposed([Values] bool isTransposed)
    {
        TensorProto weight = isTransposed ? Floats("w", [2, 2], 1, 3, 2, 4) : Floats("w", [2, 2], 1, 2, 3, 4);
        NodeProto gemm = Node("Gemm", "x w b", "y", Whole("transB", isTransposed ? 1 : 0), new AttributeProto { Name = "alpha", F = 2 }, new AttributeProto { Name = "beta", F = 10 });
        Assert.That(Run(Model([2], [weight, Floats("b", [1], 1)], gemm), 1, 1).Values, Is.EqualTo(new double[] { 18, 22 }));
    }

    [Test]
    public void Half_numbers_and_doubles_are_weights_too()
    {
        TensorProto halves = new() { Name = "a", DataType = 10, Dims = { 1, 1 }, RawData = ByteString.CopyFrom(BitConverter.GetBytes((Half)1.5f)) };
        TensorProto doubles = new() { Name = "b", DataType = 11, Dims = { 1, 1 }, RawData = ByteString.CopyFrom(BitConverter.GetBytes(3.0)) };
        TensorProto upper = new() { Name = "c", DataType = 16, Dims = { 1, 1 }, Int32Data = { 0x4000 } };
        Assert.That(Run(Model([1], [halves, doubles, upper], Node("Gemm", "x a", "p"), Node("Gemm", "p b", "q"), Node("Gemm", "q c", "y")), 2).Values, Is.EqualTo(new double[] { 18 }));
    }

    [Test]
    public void Padding_of_its_own_joins_the_convolution_and_padding_as_others_place_it_is_kept()
    {
        TensorProto ones = Floats("w", [1, 1, 2, 2], 1, 1, 1, 1);
        double[] x = [1, 2, 3, 4, 5, 6, 7, 8, 9];
        ModelProto padded = Model([1, 3, 3], [ones, Integers("pads", 0, 0, 1, 1, 0, 0, 1, 1)], Node("Pad", "x pads", "p"), Node("Conv", "p w", "y", Sizes("strides", 2, 2)));
        (Node output, double[] values) = Run(padded, x);
        Assert.That(((Convolution)output.Layer).Pad, Is.EqualTo((Extent)1));
        Assert.That(values, Is.EqualTo(new double[] { 1, 5, 11, 28 }));
        // SAME_LOWER puts the odd row before: what padding alike on both sides makes as well, rounded down.
        ModelProto same = Model([1, 3, 3], [ones], Node("Conv", "x w", "y", Text("auto_pad", "SAME_LOWER"), Sizes("strides", 2, 2)));
        Assert.That(Run(same, x).Values, Is.EqualTo(new double[] { 1, 5, 11, 28 }));
        Refuses(Model([1, 3, 3], [ones], Node("Conv", "x w", "y", Sizes("pads", 0, 0, 1, 1))), "node y (Conv) pads by 0×0 before and 1×1 after, which makes 3×3");
    }

    [Test]
    public void Means_are_read_where_they_count_what_ours_count()
    {
        double[] x = [1, 2, 3, 4, 5, 6, 7, 8, 9];
        Assert.That(Run(Model([1, 3, 3], [], Node("AveragePool", "x", "y", Sizes("kernel_shape", 2, 2), Sizes("strides", 2, 2), Whole("ceil_mode", 1))), x).Values, Is.EqualTo(new[] { 3, 4.5, 7.5, 9 }));
        Refuses(Model([1, 3, 3], [], Node("AveragePool", "x", "y", Sizes("kernel_shape", 3, 3), Sizes("pads", 1, 1, 1, 1))), "node y (AveragePool) has windows that no pooling here has: 3×3");
        Assert.That(Run(Model([1, 3, 3], [Integers("axes", 2, 3)], Node("ReduceMean", "x", "y", Sizes("axes", 2, 3), Whole("keepdims", 0))), x).Values, Is.EqualTo(new double[] { 5 }));
    }

    [Test]
    public void Parts_of_a_split_and_numbers_around_values_are_read()
    {
        ModelProto split = Model([3, 1, 1], [Integers("sizes", 1, 2), Floats("two", [], 2), Floats("one", [], 1)],
            new NodeProto { OpType = "Split", Input = { "x", "sizes" }, Output = { "a", "b" }, Attribute = { Whole("axis", 1) } },
            Node("Sub", "one b", "c"), Node("Mul", "c two", "d"), Node("Concat", "d a", "y", Whole("axis", 1)));
        Assert.That(Run(split, 5, 6, 7).Values, Is.EqualTo(new double[] { -10, -12, 5 }));
    }

    [Test]
    public void Shared_weights_are_one_parameter()
    {
        ModelProto model = Model([2], [Floats("w.weight", [2, 2], 0, 1, 1, 1)], Node("Gemm", "x w.weight", "a", Whole("transB", 1)), Node("Gemm", "a w.weight", "b", Whole("transB", 1)));
        (Node output, double[] values) = Run(model, 1, 2);
        Assert.That(output.Layer.SharedWith, Is.Not.Null);
        Assert.That(values, Is.EqualTo(new double[] { 3, 5 }));
    }

    [Test]
    public void What_is_not_read_is_named_with_its_node_and_what_is()
    {
        Refuses(Model([2], [], new NodeProto { OpType = "Gru", Name = "cell\u001b", Input = { "x" }, Output = { "y" } }), "m.onnx: node cell? (Gru) is an operator that is not read; these are: Abs, Add,");
        Refuses(Model([2], [], new NodeProto { OpType = "Relu", Domain = "com.microsoft", Input = { "x" }, Output = { "y" } }), "is an operator of com.microsoft");
        Refuses(Model([3, 4], [], Node("Relu", "x", "y")), "the input x has 3 dimensions");
        Refuses(Model([3, 0, 4], [], Node("Relu", "x", "y")), "leaves sizes of a sample open");
        Refuses(Model([2], [], Node("Relu", "z", "y")), "node y (Relu) takes z, which no node before it makes");
        Refuses(Model([2], [Floats("w", [2, 2], 1, 2, 3, 4), Floats("b", [3], 1, 2, 3)], Node("Gemm", "x w b", "y")), "node y (Gemm) has 3 biases for 2 outputs");
        Refuses(Model([2], [Floats("w", [2, 2], 1, 2, 3)], Node("Gemm", "x w", "y")), "tensor w [2, 2] of Float takes 16 bytes, but 12 are there");
        Refuses(Model([2, 3, 3], [Floats("w", [1, 3, 1, 1], 1, 2, 3)], Node("Conv", "x w", "y")), "has weights for 3 channels in each of 1 groups, but its input has 2");
        Refuses(new ModelProto(), "is no ONNX model: it has no graph");
    }

    [TestCase("../w", "not a file in the model's folder")]
    [TestCase("/etc/hostname", "not a file in the model's folder")]
    [TestCase("a/../../w", "not a file in the model's folder")]
    [TestCase("none", "there is no such file beside the model")]
    [TestCase("m.onnx", "from byte 0 on for 1048576 bytes, but the file has")]
    public void Weights_beside_a_model_lie_in_its_folder_and_are_whole(string location, string message)
    {
        TensorProto tensor = new() { Name = "w", DataType = 1, Dims = { 512, 512 }, DataLocation = TensorProto.Types.DataLocation.External };
        tensor.ExternalData.Add(new StringStringEntryProto { Key = "location", Value = location });
        tensor.ExternalData.Add(new StringStringEntryProto { Key = "length", Value = "1048576" });
        Refuses(Model([512], [tensor], Node("Gemm", "x w", "y")), "tensor w lies in", message);
    }

    [Test, Explicit("PyTorch and torchvision from Debian"), Category("Slow")]
    public void What_PyTorch_exports_computes_the_same([Values("alexnet", "vgg11", "vgg11_bn", "googlenet", "resnet18", "squeezenet1_1", "densenet121", "mobilenet_v2")] string model)
    {
        using var folder = new TemporaryFolder();
        string arguments = model == "googlenet" ? ", aux_logits=False, init_weights=False" : "";
        Python.Run("torchvision", $"""
            import torch, torchvision, warnings
            warnings.simplefilter('ignore')
            torch.manual_seed(7)
            net = torchvision.models.{model}(weights=None{arguments}).eval()
            x = torch.randn(2, 3, 224, 224)
            torch.onnx.export(net, x, {Python.Quoted(folder["net.onnx"])}, opset_version=13, input_names=['x'], output_names=['y'], dynamic_axes=dict(x=[0], y=[0]))
            x.numpy().tofile({Python.Quoted(folder["x"])})
            with torch.no_grad(): net(x).numpy().tofile({Python.Quoted(folder["y"])})
            """);
        using OnnxFile file = OnnxFile.Open(folder["net.onnx"]);
        using Backend backend = Backends.Open("cpu");
        using var parameters = new ParameterSet(file.Graph, backend);
        Checkpoint.Load(parameters, file);
        using var net = new Net(parameters, 2, new NetOptions { Backward = false });
        net.Load(file.Graph["x"], TorchTests.Floats(folder["x"]));
        net.Forward(Phase.Test);
        double error = Sample.RelativeError([.. TorchTests.Floats(folder["y"]).Select(v => (double)v)], net[file.Graph.Outputs[0]].ReadExact());
        TestContext.Out.WriteLine($"{model}: {file.Graph.Nodes.Count} nodes, {error:E1} of the largest score");
        Assert.That(error, Is.LessThan(1e-4));
    }
}

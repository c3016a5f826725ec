using EvenNet.Framework;
using EvenNet.Interop;
using EvenNet.Kernels;
using EvenNet.Models;

namespace EvenNet.Tests.Interop;

public sealed class CaffeNetTests
{
    private const string Head = "layer { name: \"d\" type: \"Input\" top: \"x\" input_param { shape { dim: 1 dim: 6 dim: 5 dim: 4 } } }\n";

    private static CaffeGraph Read(string layers, CaffeState? state = null) => CaffeFile.ParseText(Head + layers, "net.prototxt").Graph(state);

    private static string Layer(string type, string settings = "", string tops = "top: \"y\"", string bottoms = "bottom: \"x\"") =>
        $"layer {{ name: \"l\" type: \"{type}\" {bottoms} {tops} {settings} }}\n";

    [TestCase("Convolutoin", "", "there is no layer of this type here; did you mean Convolution? supported are AbsVal, Accuracy")]
    [TestCase("LSTM", "", "l (LSTM): there is no layer of this type here")]
    [TestCase("Convolution", "convolution_param { num_output: 4 kernel_size: 9 }", "a 9×9 window does not fit 5×4")]
    [TestCase("Convolution", "convolution_param { num_output: 4 kernel_size: [3, 3, 3] }", "only planes")]
    [TestCase("Convolution", "convolution_param { num_output: 4 kernel_size: 3 kernel_h: 3 kernel_w: 3 }", "gives kernel_size twice")]
    [TestCase("Convolution", "convolution_param { num_output: 4294967295 kernel_size: 3 }", "too large")]
    [TestCase("Pooling", "pooling_param { pool: STOCHASTIC kernel_size: 2 }", "only MAX and AVE")]
    [TestCase("Softmax", "softmax_param { axis: 2 }", "works along axis 2")]
    [TestCase("Slice", "", "takes at least 1 tops", "")]
    [TestCase("Slice", "slice_param { slice_point: 7 }", "slice_point must rise", "top: \"a\" top: \"b\"")]
    [TestCase("Reshape", "reshape_param { shape { dim: 2 dim: -1 } }", "changes the batch")]
    [TestCase("Reshape", "reshape_param { shape { dim: 0 dim: 7 dim: -1 } }", "does not divide the 120 values")]
    [TestCase("ReLU", "", "reads the blob z, which no layer before it makes; there are x", "top: \"y\"", "bottom: \"z\"")]
    [TestCase("ReLU", "include { phase: TRAIN } exclude { stage: \"a\" }", "rules of both kinds")]
    [TestCase("Data", "", "--input-size", "top: \"y\"", "")]
    public void What_cannot_be_read_is_named_with_its_place(string type, string settings, string message, string tops = "top: \"y\"", string bottoms = "bottom: \"x\"") =>
        Assert.That(Assert.Throws<NetFormatException>(() => Read(Layer(type, settings, tops, bottoms)))!.Message, Does.StartWith("net.prototxt:2:7: ").And.Contain(message));

    [Test]
    public void Data_layers_of_a_net_to_train_become_inputs()
    {
        CaffeGraph read = CaffeFile.ParseText("""
            layer { name: "data" type: "Data" top: "data" top: "label" include { phase: TRAIN } transform_param { crop_size: 9 mean_value: 104 } data_param { source: "a" batch_size: 256 } }
            layer { name: "data" type: "ImageData" top: "data" top: "label" include { phase: TEST } image_data_param { is_color: false new_height: 7 new_width: 8 } }
            layer { name: "fc" type: "InnerProduct" bottom: "data" top: "fc" inner_product_param { num_output: 3 } }
            layer { name: "acc" type: "Accuracy" bottom: "fc" bottom: "label" top: "acc" include { phase: TEST } }
            layer { name: "loss" type: "SoftmaxWithLoss" bottom: "fc" bottom: "label" loss_weight: 0.5 }
            """, "net.prototxt").Graph(new CaffeState { Phase = Phase.Train });
        Assert.That(read.Graph.Nodes.Select(n => $"{n}"), Is.EqualTo((string[])["data 3×9×9", "fc 3", "label 1", "loss 1"]));
        Assert.That(read.Graph["loss"].Layer, Is.EqualTo(new SoftmaxLoss(Weight: 0.5f)));
    }

    [Test]
    public void Layers_share_parameters_by_their_names()
    {
        static string Ip(string name, string bottom) => $"layer {{ name: \"{name}\" type: \"InnerProduct\" bottom: \"{bottom}\" top: \"{name}\" param {{ name: \"w\" }} param {{ name: \"b\" }} inner_product_param {{ num_output: 120 }} }}\n";
        CaffeGraph read = Read(Ip("a", "x") + Ip("b", "a"));
        Assert.That(read.Graph["b"].Layer.SharedWith, Is.SameAs(read.Graph["a"]));
        Assert.That(read.Graph.ParameterCount, Is.EqualTo(120 * 121));
        Assert.That(Assert.Throws<NetFormatException>(() => Read(Ip("a", "x") + Ip("b", "a").Replace("\"b\" } inner", "\"c\" } inner", StringComparison.Ordinal))).Message, Does.Contain("only whole layers are shared"));
    }

    // Every layer that has a name in Caffe: what is written is read as the same graph, with the same weights.
    [Test]
    public void Named_nets_come_back_from_caffes_files_as_they_went([ValueSource(nameof(Written))] string name)
    {
        using var folder = new TemporaryFolder();
        using Backend cpu = Backends.Open("cpu");
        using var parameters = new ParameterSet(Nets.Find(name).Graph(), cpu);
        var random = new Random(5);
        foreach (Parameter p in parameters.All.Where(p => p.Spec.Name != "scale" || p.Node.Layer is Scale)) p.Write(Sample.Normal(random, p.Count));
        var export = new CaffeExport(parameters, name);
        export.WriteText(folder["net.prototxt"]);
        export.WriteBinary(folder["net.caffemodel"]);

        Graph read = CaffeFile.ReadText(folder["net.prototxt"]).Graph().Graph;
        Assert.That(read.Nodes.Select(Shown), Is.EqualTo(parameters.Graph.Nodes.Select(Shown)));
        using var again = new ParameterSet(read, cpu);
        CaffeFile.ReadBinary(folder["net.caffemodel"]).Load(again, strict: true);
        foreach (Parameter p in parameters.All) Assert.That(again[p.Name].Read(), Is.EqualTo(p.Read()), p.Name);
    }

    public static string[] Written => ["lenet", "cifar10_full", "caffenet-mini", "fitnet4-maxout", "fitnet4-prelu", "fitnet4-elu", "fitnet4-sigmoid"];

    // Factors on rate and decay lie with the parameters of a net that was read, and lists print as their types.
    private static string Shown(Node node) => $"{node} {string.Join(", ", node.Inputs)} " + node.Layer switch
    {
        Convolution c => c with { Decay = 1, BiasRate = 2 },
        InnerProduct i => i with { Decay = 1, BiasRate = 2 },
        Eltwise e => $"{e.Kind} {string.Join(", ", e.Coefficients)}",
        _ => node.Layer,
    };

    [Test]
    public void Scales_go_out_as_layers_of_their_own_or_folded()
    {
        using var folder = new TemporaryFolder();
        using Backend cpu = Backends.Open("cpu");
        Graph graph = Graph.Of(Node.Input("data", 3, 6, 6).Convolution("conv", 4, 3).Relu().InnerProduct("fc", 5));
        using var parameters = new ParameterSet(graph, cpu);
        var random = new Random(3);
        foreach (Parameter p in parameters.All) p.Write(Sample.Normal(random, p.Count));
        double[] data = Sample.Normal(random, graph["data"].Shape.Count), expected = Run(parameters, data);

        foreach (bool fold in (bool[])[false, true])
        {
            var export = new CaffeExport(parameters, "scaled", foldScale: fold);
            Assert.That(export.HasScaleLayers, Is.EqualTo(!fold));
            export.WriteText(folder["net.prototxt"]);
            export.WriteBinary(folder["net.caffemodel"]);
            using var again = new ParameterSet(CaffeFile.ReadText(folder["net.prototxt"]).Graph().Graph, cpu);
            CaffeFile.ReadBinary(folder["net.caffemodel"]).Load(again, strict: true);
            Assert.That(again.Graph.Nodes.Any(n => n.Layer is Power), Is.EqualTo(!fold));
            Assert.That(Sample.RelativeError(expected, Run(again, data)), Is.LessThan(1e-5));
        }
    }

    private static double[] Run(ParameterSet parameters, double[] data)
    {
        using var net = new Net(parameters, 1, new() { Backward = false });
        net.Load(parameters.Graph["data"], [.. data.Select(v => (float)v)]);
        net.Forward(Phase.Test);
        return net[parameters.Graph.Outputs[0]].ReadExact();
    }

    [Test]
    public void Loading_reports_what_did_not_fit_and_changes_the_rest()
    {
        using Backend cpu = Backends.Open("cpu");
        Node data = Node.Input("data", 2, 3, 3);
        using var from = new ParameterSet(Graph.Of(data.Convolution("conv", 4, 3).InnerProduct("fc6", 6).InnerProduct("fc7", 5).InnerProduct("old", 2)), cpu);
        var random = new Random(1);
        foreach (Parameter p in from.All.Where(p => p.Spec.Name != "scale")) p.Write(Sample.Normal(random, p.Count));
        using var folder = new TemporaryFolder();
        new CaffeExport(from, "from").WriteBinary(folder["a.caffemodel"]);
        CaffeFile file = CaffeFile.ReadBinary(folder["a.caffemodel"]);

        // An inner product that became a convolution, another number of classes, a layer that is new, one that is skipped.
        using var to = new ParameterSet(Graph.Of(data.Convolution("conv", 4, 3).Convolution("fc6", 6, 1).InnerProduct("fc7", 9).InnerProduct("new", 2)), cpu);
        CheckpointReport report = file.Load(to, strict: false, "conv");
        Assert.That(report.Loaded, Is.EqualTo((string[])["fc6.weight", "fc6.bias"]));
        Assert.That(report.Skipped, Is.EqualTo((string[])["conv.weight", "conv.bias"]));
        Assert.That(report.Mismatched, Is.EqualTo((string[])["fc7.weight is 5×6 in the file and 9×6 in the net", "fc7.bias is 5 in the file and 9 in the net"]));
        Assert.That(report.Missing, Is.EqualTo((string[])["new.weight", "new.bias"]));
        Assert.That(report.Unused, Is.EqualTo((string[])["old/0 2×5", "old/1 2"]));
        Assert.That(to["fc6.weight"].Read(), Is.EqualTo(from["fc6.weight"].Read()));
        Assert.That(to["conv.weight"].Read(), Is.All.Zero);

        float[] before = to["fc6.weight"].Read();
        var error = Assert.Throws<WeightsFormatException>(() => file.Load(to, strict: true));
        Assert.That(error.Message, Does.Contain("fc7.weight is 5×6 in the file and 9×6 in the net").And.Contain("new.bias is missing in the file").And.Contain("old/1 2 is in the file only"));
        Assert.That(to["fc6.weight"].Read(), Is.EqualTo(before));
    }
}

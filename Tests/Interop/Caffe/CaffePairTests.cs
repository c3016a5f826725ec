using EvenNet.Framework;
using EvenNet.Interop;
using EvenNet.Kernels;

namespace EvenNet.Tests.Interop;

/// <summary>Nets of two branches with one set of parameters, as they learn from pairs: two grey pictures in the channels of one input.</summary>
public sealed class CaffePairTests
{
    private const int Batch = 3;

    private static string Branch(string suffix) => $$"""
        layer { name: "conv{{suffix}}" type: "Convolution" bottom: "picture{{suffix}}" top: "conv{{suffix}}"
          param { name: "conv_w" lr_mult: 1 } param { name: "conv_b" lr_mult: 2 } convolution_param { num_output: 4 kernel_size: 3 stride: 2 } }
        layer { name: "pool{{suffix}}" type: "Pooling" bottom: "conv{{suffix}}" top: "pool{{suffix}}" pooling_param { pool: MAX kernel_size: 2 stride: 2 } }
        layer { name: "fc{{suffix}}" type: "InnerProduct" bottom: "pool{{suffix}}" top: "fc{{suffix}}"
          param { name: "fc_w" lr_mult: 1 } param { name: "fc_b" lr_mult: 2 } inner_product_param { num_output: 5 } }
        layer { name: "relu{{suffix}}" type: "ReLU" bottom: "fc{{suffix}}" top: "fc{{suffix}}" }
        layer { name: "feat{{suffix}}" type: "InnerProduct" bottom: "fc{{suffix}}" top: "feat{{suffix}}"
          param { name: "feat_w" lr_mult: 1 } param { name: "feat_b" lr_mult: 2 } inner_product_param { num_output: 2 } }

        """;

    private static readonly string Text = """
        name: "twins"
        layer { name: "pairs" type: "Data" top: "pairs" top: "alike" include { phase: TRAIN } transform_param { scale: 0.00390625 } data_param { source: "pairs" batch_size: 64 } }
        layer { name: "cut" type: "Slice" bottom: "pairs" top: "picture" top: "picture_p" slice_param { slice_dim: 1 slice_point: 1 } }

        """ + Branch("") + Branch("_p") + """
        layer { name: "loss" type: "ContrastiveLoss" bottom: "feat" bottom: "feat_p" bottom: "alike" top: "loss" contrastive_loss_param { margin: 1.5 } }
        """;

    private static CaffeFile File => CaffeFile.ParseText(Text, "twins.prototxt");

    private static readonly CaffeState State = new() { Phase = Phase.Train, Input = new Shape(2, 12, 12) };

    private static void Fill(ParameterSet parameters)
    {
        var random = new Random(4);
        foreach (Parameter p in parameters.All.Where(p => p.Spec.Name != "scale")) p.Write(Sample.Normal(random, p.Count));
    }

    [Test]
    public void Both_branches_use_and_teach_one_set_of_parameters()
    {
        CaffeGraph read = File.Graph(State);
        Assert.That(read.Graph["loss"].Layer, Is.EqualTo(new ContrastiveLoss(1.5f)));
        Assert.That(read.Graph.ParameterCount, Is.EqualTo(4 * 9 + 4 + 5 * (4 * 9) + 5 + 2 * 5 + 2));
        foreach (string name in (string[])["conv", "fc", "feat"]) Assert.That(read.Graph[$"{name}_p"].Layer.SharedWith, Is.SameAs(read.Graph[name]), name);

        using Backend cpu = Backends.Open("cpu");
        using var parameters = new ParameterSet(read.Graph, cpu);
        Fill(parameters);
        using var net = new Net(parameters, Batch, new() { Fuse = false });
        float[] picture = [.. Sample.Normal(new Random(1), Batch * 144).Select(v => (float)v)], twice = [.. Enumerable.Range(0, Batch * 288).Select(i => picture[i / 288 * 144 + i % 144])];
        // A picture and itself: alike they cost nothing, and not alike all of the margin, 1.5² / 2.
        foreach ((float alike, double loss) in ((float, double)[])[(1, 0), (0, 1.125)])
        {
            net.Load(read.Graph["pairs"], twice);
            net.Load(read.Graph["alike"], [alike, alike, alike]);
            net.Forward();
            Assert.That(net.Loss, Is.EqualTo(loss).Within(1e-6));
        }
        // One branch's picture changed: the loss falls along the gradient that both have added to.
        twice[200] += 1;
        net.Load(read.Graph["pairs"], twice);
        var solver = new SgdSolver(parameters) { Rate = Schedule.Fixed(1e-3f), Momentum = 0, Decay = 0 };
        var losses = new List<double>();
        for (int i = 0; i < 20; i++)
        {
            net.Forward();
            losses.Add(net.Loss);
            net.Backward();
            solver.Step();
        }
        Assert.That(losses, Is.Ordered.Descending);
    }

    // Caffe writes shared blobs with every layer that uses them.
    [Test]
    public void Weights_are_written_with_both_branches_and_come_back_from_either_form()
    {
        using var folder = new TemporaryFolder();
        using Backend cpu = Backends.Open("cpu");
        using var parameters = new ParameterSet(File.Graph(State).Graph, cpu);
        Fill(parameters);
        new CaffeExport(parameters, "twins", File).WriteBinary(folder["kept.caffemodel"]);
        var made = new CaffeExport(parameters, "twins");
        made.WriteBinary(folder["made.caffemodel"]);
        made.WriteText(folder["made.prototxt"]);
        Graph again = CaffeFile.ReadText(folder["made.prototxt"]).Graph(State).Graph;
        Assert.That(again["loss"].Layer, Is.EqualTo(new ContrastiveLoss(1.5f)));
        foreach ((Graph graph, string file) in ((Graph, string)[])[(parameters.Graph, "kept"), (again, "made")])
        {
            CaffeFile weights = CaffeFile.ReadBinary(folder[$"{file}.caffemodel"]);
            Assert.That(weights.Net.Layer.Where(l => l.Blobs.Count > 0).Select(l => l.Name), Is.EquivalentTo((string[])["conv", "fc", "feat", "conv_p", "fc_p", "feat_p"]), file);
            using var loaded = new ParameterSet(graph, cpu);
            weights.Load(loaded, strict: true);
            foreach (Parameter p in parameters.All) Assert.That(loaded[p.Name].Read(), Is.EqualTo(p.Read()), $"{file}: {p.Name}");
        }
    }

    [TestCase("bottom: \"feat_p\" bottom: \"alike\"", "bottom: \"fc_p\" bottom: \"alike\"", "the two of a pair differ in size: 2, 5")]
    [TestCase("bottom: \"feat_p\" bottom: \"alike\"", "bottom: \"feat_p\"", "takes 3 bottoms, got 2")]
    [TestCase("param { name: \"feat_w\" lr_mult: 1 } param { name: \"feat_b\" lr_mult: 2 } inner_product_param { num_output: 2 } }\nlayer { name: \"loss\"", "param { name: \"fc_w\" } param { name: \"fc_b\" } inner_product_param { num_output: 2 } }\nlayer { name: \"loss\"", "cannot share the parameters of fc")]
    public void What_does_not_fit_together_is_told(string old, string changed, string message)
    {
        string text = Text.ReplaceLineEndings("\n");
        Assert.That(text, Does.Contain(old));
        Assert.That(() =>
        {
            using Backend reference = Backends.Open("reference");
            using var parameters = new ParameterSet(CaffeFile.ParseText(text.Replace(old, changed, StringComparison.Ordinal), "twins.prototxt").Graph(State).Graph, reference);
        }, Throws.Exception.With.Message.Contains(message));
    }
}

using System.Text.Json;
using EvenNet.Framework;
using EvenNet.Interop;
using EvenNet.Kernels;

namespace EvenNet.Tests.Interop;

/// <summary>Every net that Caffe recorded, read from its own description: values, gradients and what its rules leave of it.</summary>
public sealed class CaffeGoldenTests
{
    // Along the batch or another axis than the channels, a second output, a factor from a blob, and types that no net of Caffe's examples has.
    private static readonly string[] Unsupported =
    [
        "pool_max_mask", "ip_axis2_nobias", "softmax_axis2", "concat_0", "tile", "scale_two", "reduction_sum", "reduction_asum", "reduction_sumsq", "reduction_mean",
        "embed", "mvn", "mvn_across", "spp", "loss_hinge_l1", "loss_hinge_l2", "loss_multinomial", "loss_infogain", "lstm",
    ];

    private static IEnumerable<JsonElement> Cases()
    {
        using var index = JsonDocument.Parse(File.ReadAllBytes(SharedData.Require("goldens", "index.json")));
        return [.. index.RootElement.GetProperty("cases").EnumerateArray().Where(c => c.TryGetProperty("prototxt", out _) && Has(c, "in/") && Has(c, "blob/")).Select(c => c.Clone())];
    }

    private static bool Has(JsonElement entry, string prefix) =>
        entry.GetProperty("tensors").EnumerateArray().Any(t => t.GetProperty("name").GetString()!.StartsWith(prefix, StringComparison.Ordinal));

    // float64 against Caffe's float32: what is left is Caffe's own rounding.
    [Test]
    public void Recorded_nets_compute_what_caffe_computed()
    {
        var unsupported = new List<string>();
        int compared = 0;
        double worst = 0;
        foreach (JsonElement entry in Cases())
        {
            string name = entry.GetProperty("name").GetString()!;
            // Drawn at random, or without an output of ours: a class number.
            if (name is "dropout_train" or "argmax" or "accuracy") continue;
            CaffeFile file = CaffeFile.ReadText(SharedData.Require("goldens", entry.GetProperty("prototxt").GetString()!));
            Phase phase = entry.TryGetProperty("phase", out JsonElement p) && p.GetString() == "TEST" ? Phase.Test : Phase.Train;
            CaffeGraph read;
            try
            {
                read = file.Graph(new CaffeState { Phase = phase });
            }
            catch (NetFormatException error)
            {
                Assert.That(error.Line, Is.GreaterThan(1), error.Message);
                unsupported.Add(name);
                continue;
            }
            foreach ((string tensor, double error) in Errors(Golden.Open(name), read, phase))
            {
                Assert.That(error, Is.LessThanOrEqualTo(1e-6), $"{name}: {tensor}");
                worst = Math.Max(worst, error);
                compared++;
            }
        }
        TestContext.Out.WriteLine($"{compared} tensors compared, worst error {worst:0.0e+00}; not supported: {string.Join(", ", unsupported)}");
        Assert.That(unsupported, Is.EquivalentTo(Unsupported));
        Assert.That(compared, Is.GreaterThan(200));
    }

    private static Dictionary<string, double> Errors(Golden golden, CaffeGraph read, Phase phase)
    {
        var errors = new Dictionary<string, double>();
        void Compare(string name, double[] actual) => errors[name] = Sample.RelativeError([.. golden[name].Select(v => (double)v)], actual);
        Graph graph = read.Graph;
        using Backend reference = Backends.Open("reference");
        using var parameters = new ParameterSet(graph, reference);
        foreach (string name in golden.Under("param"))
            if (Find(parameters, name) is { } p) p.Write(Arranged(golden[$"param/{name}"], p, golden.Shape($"param/{name}")));
        using var net = new Net(parameters, golden.Shape($"in/{golden.Under("in").First()}")[0], new() { Fuse = false, InputGradients = true });
        foreach (string name in golden.Under("in").Where(n => graph.Nodes.Contains(read.Blobs[n]))) net.Load(read.Blobs[name], golden[$"in/{name}"]);
        foreach (Node node in net.Nodes)
        {
            net.Forward(node, phase);
            double[] value = net[node].ReadExact();
            foreach (string blob in golden.Under("blob").Where(b => read.Blobs.TryGetValue(b, out Node? n) && n == node))
                Compare($"blob/{blob}", node.Layer is ILoss loss ? [value.Sum() / loss.Weight] : value);
        }
        (Node, float[])[] seeds = [.. graph.Outputs.Where(o => o.Layer is ILoss).Select(o => (o, Enumerable.Repeat(1f, net.Batch).ToArray())),
            .. golden.Under("topdiff").Select(t => (read.Blobs[t], golden[$"topdiff/{t}"]))];
        if (seeds.Length == 0) return errors;
        foreach (Node _ in net.BackwardSteps(seeds)) { }
        foreach (Node input in net.Nodes.Where(n => n.Layer is Input && golden.Has($"diff/{n.Name}") && LayerRun.IsDifferentiable(graph, n))) Compare($"diff/{input.Name}", net.GradientOf(input).ReadExact());
        foreach (string name in golden.Under("pdiff"))
            if (Find(parameters, name) is { } p) errors[$"pdiff/{name}"] = Sample.RelativeError(
                [.. Arranged(golden[$"pdiff/{name}"], p, golden.Shape($"pdiff/{name}")).Select(v => (double)v)], p.ReadGradientExact());
        return errors;
    }

    private static Parameter? Find(ParameterSet parameters, string name)
    {
        Node node = parameters.Graph[name[..name.LastIndexOf('/')]];
        // Statistics of batch normalization have a test of their own; shared parameters are the owner's.
        if (node.Layer is BatchNorm || node.Layer.SharedWith is not null) return null;
        return parameters.Of(node).Where(p => p.Node.Layer is not IAffine || p.Spec.Name != "scale").ElementAt(int.Parse(name[(name.LastIndexOf('/') + 1)..]));
    }

    // A transposed inner product is kept as inputs × outputs.
    private static float[] Arranged(float[] values, Parameter p, int[] shape) =>
        p.Node.Layer is InnerProduct && p.Spec.Name == "weight" && shape[0] != p.Rows ? [.. values.Select((_, i) => values[i % p.FanIn * p.Rows + i / p.FanIn])] : values;

    [Test]
    public void Phases_levels_and_stages_leave_the_layers_that_caffe_leaves()
    {
        JsonElement entry = SharedData.Golden("net_filter");
        CaffeFile file = CaffeFile.ReadText(SharedData.Require("goldens", entry.GetProperty("prototxt").GetString()!));
        foreach (JsonProperty recorded in entry.GetProperty("states").EnumerateObject())
        {
            string[] words = recorded.Name.Split(' ');
            var state = new CaffeState
            {
                Phase = words[0] == "TRAIN" ? Phase.Train : Phase.Test,
                Stages = words.Contains("deploy") ? ["deploy"] : [],
                Level = Array.IndexOf(words, "level") is >= 0 and var at ? int.Parse(words[at + 1]) : 0,
            };
            // Caffe's splits are readers of one value here, and an accuracy is no value of the net.
            string[] layers = [.. recorded.Value.GetProperty("layers").EnumerateArray().Select(l => l.GetString()!).Where(l => !l.EndsWith("_split", StringComparison.Ordinal) && l != "acc")];
            string[] outputs = [.. recorded.Value.GetProperty("outputs").EnumerateArray().Select(l => l.GetString()!).Where(l => l != "acc")];
            CaffeGraph read = file.Graph(state);
            Assert.That(read.Graph.Nodes.Select(n => n.Name), Is.EquivalentTo(layers), recorded.Name);
            Assert.That(read.Graph.Outputs.Select(n => n.Name), Is.EquivalentTo(outputs), recorded.Name);
        }
    }

    // Three files: today's layers, the older form with four sizes a blob, and double precision.
    [TestCase("v1.prototxt", "v1.caffemodel")]
    [TestCase("v1_upgraded.prototxt", "v1.caffemodel")]
    [TestCase("v1.prototxt", "double.caffemodel")]
    public void Older_forms_of_nets_and_weights_give_what_caffe_gave(string text, string binary)
    {
        Golden golden = Golden.Open("legacy");
        CaffeGraph read = CaffeFile.ReadText(SharedData.Require("goldens", "legacy", text)).Graph();
        using Backend cpu = Backends.Open("reference");
        using var parameters = new ParameterSet(read.Graph, cpu);
        CheckpointReport report = CaffeFile.ReadBinary(SharedData.Require("goldens", "legacy", binary)).Load(parameters, strict: true);
        Assert.That(report.Loaded, Is.EqualTo((string[])["conv1.weight", "conv1.bias", "fc.weight", "fc.bias"]));
        using var net = new Net(parameters, 2, new() { Backward = false });
        net.Load(read.Graph["data"], golden["in/data"]);
        net.Forward(Phase.Test);
        Assert.That(Sample.RelativeError([.. golden["blob/prob"].Select(v => (double)v)], net[read.Graph["prob"]].ReadExact()), Is.LessThan(1e-6));
        Assert.That(read.Multipliers["conv1.bias"], Is.EqualTo((2f, 0f)));
    }

    [Test]
    public void The_oldest_form_is_named_and_not_read()
    {
        string text = SharedData.Require("goldens", "legacy", "v0.prototxt");
        var error = Assert.Throws<NetFormatException>(() => CaffeFile.ReadText(text));
        Assert.That(error.Message, Does.Contain("v0.prototxt:3:8").And.Contain("oldest form"));
    }

    [Test]
    public void Inputs_beside_the_layers_are_read()
    {
        CaffeGraph read = CaffeFile.ReadText(SharedData.Require("goldens", "legacy", "input_fields.prototxt")).Graph();
        Assert.That(read.Graph.Nodes.Select(n => $"{n}"), Is.EqualTo((string[])["a 3", "b 3", "e 3"]));
    }

    [Test]
    public void What_caffe_wrote_is_written_again_equal_but_for_nothing()
    {
        string binary = SharedData.Require("goldens", "small_trained", "snap_iter_3.caffemodel");
        CaffeFile text = CaffeFile.ReadText(SharedData.Require("goldens", "small_trained", "net.prototxt")), file = CaffeFile.ReadBinary(binary);
        Golden golden = Golden.Open("small_trained");
        using var folder = new TemporaryFolder();
        using Backend cpu = Backends.Open("cpu");
        using var parameters = new ParameterSet(text.Graph(new CaffeState { Phase = Phase.Train }).Graph, cpu);
        file.Load(parameters, strict: true);
        foreach (string name in golden.Under("step3/param"))
            Assert.That(Find(parameters, name)!.Read(), Is.EqualTo(golden[$"step3/param/{name}"]), name);

        new CaffeExport(parameters, "ours", file).WriteBinary(folder["again.caffemodel"]);
        Assert.That(CaffeFile.ReadBinary(folder["again.caffemodel"]).Net, Is.EqualTo(file.Net), "every field of every layer");
        new CaffeExport(parameters, "ours", text).WriteText(folder["again.prototxt"]);
        Assert.That(CaffeFile.ReadText(folder["again.prototxt"]).Net, Is.EqualTo(text.Net));
    }
}

using System.Text.Json;
using EvenNet.Framework;
using EvenNet.Interop;
using EvenNet.Kernels;

namespace EvenNet.Tests.Interop;

/// <summary>Real models, old and new in form, against scores that other programs computed.</summary>
public sealed class CaffeModelTests
{
    private static string Model(params string[] path) => SharedData.Require(["data", "caffemodels", .. path]);

    private static JsonElement Expected(string net)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(Model("reference", "expected.json")));
        return document.RootElement.GetProperty(net).Clone();
    }

    private static float[] Scores(JsonElement of, string name = "scores") => [.. of.GetProperty(name).EnumerateArray().Select(v => v.GetSingle())];

    // The net's value below its softmax for one input after the other, and the worst difference to what was recorded.
    private static double Worst(string folder, string text, string binary, IEnumerable<(float[] Input, float[] Scores)> cases)
    {
        CaffeGraph read = CaffeFile.ReadText(Model(folder, text)).Graph();
        using Backend cpu = Backends.Open("cpu");
        using var parameters = new ParameterSet(read.Graph, cpu);
        CheckpointReport report = CaffeFile.ReadBinary(Model(folder, binary)).Load(parameters);
        Assert.That(report.Missing.Concat(report.Mismatched).Concat(report.Unused), Is.Empty);
        Node output = read.Graph.Outputs[^1];
        if (output.Layer is Softmax) output = output.Inputs[0];
        using var net = new Net(parameters, 1, new() { Backward = false, Fuse = false });
        double worst = 0;
        int count = 0;
        foreach ((float[] input, float[] expected) in cases)
        {
            net.Load(read.Graph.Nodes.Single(n => n.Layer is Input), input);
            float[] scores = [];
            foreach (Node node in net.Nodes)
            {
                net.Forward(node, Phase.Test);
                if (node == output) scores = net.Read(node);
            }
            for (int i = 0; i < expected.Length; i++) worst = Math.Max(worst, Math.Abs(expected[i] - scores[i]));
            Assert.That(Array.IndexOf(scores, scores.Max()), Is.EqualTo(Array.IndexOf(expected, expected.Max())), $"class of case {count}");
            count++;
        }
        TestContext.Out.WriteLine($"{binary}: {count} cases, largest difference of a score {worst:0.0e+00}");
        return count > 0 ? worst : double.NaN;
    }

    // The older file is another training: its classes were recorded, its scores were not.
    [TestCase("lenet_iter_10000.caffemodel", 1e-3)]
    [TestCase("lenet_iter_10000.v1layers.caffemodel", 10)]
    public void Lenet_reads_digits_as_recorded(string binary, double tolerance)
    {
        Image digits = new ImageFiles().Open(Model("reference", "mnist_t10k_first20.png"));
        float[] Digit(int column) => [.. Enumerable.Range(0, 28 * 28).Select(i => digits.Pixels[3 * (i / 28 * digits.Width + 28 * column + i % 28)] / 256f)];
        Assert.That(Worst("lenet", "lenet.prototxt", binary, Expected("lenet").GetProperty("cases").EnumerateArray().Select(c => (Digit(c.GetProperty("column").GetInt32()), Scores(c)))), Is.LessThan(tolerance));
    }

    // The README's figures of the first thousand records, and of both forms of the file.
    [TestCase("cifar10_quick", "cifar10_quick_iter_5000.caffemodel", 0.768)]
    [TestCase("cifar10_quick", "cifar10_quick_iter_5000.v1layers.caffemodel", 0.744)]
    [TestCase("cifar10_full", "cifar10_full_iter_70000.v1layers.caffemodel", 0.826)]
    public void Cifars_first_thousand_pictures_are_known_as_well_as_recorded(string net, string binary, double accuracy)
    {
        byte[] records = File.ReadAllBytes(SharedData.Require("data", "cifar10", "test_batch.bin"));
        float[] mean = CaffeMeanFile.Read(Model("cifar10_quick", "mean.binaryproto")).Values.ToArray();
        CaffeGraph read = CaffeFile.ReadText(Model(net, $"{net}.prototxt")).Graph();
        using Backend cpu = Backends.Open("cpu");
        using var parameters = new ParameterSet(read.Graph, cpu);
        CaffeFile.ReadBinary(Model(net, binary)).Load(parameters, strict: true);
        const int batch = 100;
        using var plan = new Net(parameters, batch, new() { Backward = false });
        int right = 0;
        for (int first = 0; first < 1000; first += batch)
        {
            plan.Load(read.Graph["data"], [.. Enumerable.Range(0, batch * 3072).Select(i => records[(first + i / 3072) * 3073 + 1 + i % 3072] - mean[i % 3072])]);
            plan.Forward(Phase.Test);
            float[] scores = plan.Read(read.Graph.Outputs[0]);
            for (int n = 0; n < batch; n++)
            {
                Span<float> own = scores.AsSpan(10 * n, 10);
                int best = 0;
                for (int c = 1; c < 10; c++) best = own[c] > own[best] ? c : best;
                right += best == records[(first + n) * 3073] ? 1 : 0;
            }
        }
        Assert.That(right / 1000.0, Is.EqualTo(accuracy).Within(1e-9));
    }

    [TestCase("cifar10_quick", "cifar10_quick_iter_5000.caffemodel")]
    [TestCase("cifar10_full", "cifar10_full_iter_70000.v1layers.caffemodel")]
    public void Cifars_pictures_get_the_recorded_scores(string net, string binary)
    {
        byte[] records = File.ReadAllBytes(SharedData.Require("data", "cifar10", "test_batch.bin"));
        ReadOnlyMemory<float> mean = CaffeMeanFile.Read(Model("cifar10_quick", "mean.binaryproto")).Values.ToArray();
        float[] Record(int k) => [.. Enumerable.Range(0, 3072).Select(i => records[k * 3073 + 1 + i] - mean.Span[i])];
        Assert.That(Worst(net, $"{net}.prototxt", binary, Expected(net).GetProperty("cases").EnumerateArray().Select(c => (Record(c.GetProperty("record").GetInt32()), Scores(c)))), Is.LessThan(1e-3));
    }

    [Test]
    public void Squeezenets_first_scores_are_the_recorded_ones()
    {
        var transform = new ImageTransform(227, 227) { Fit = ImageFit.Crop, ResizeTo = 0 };
        float[] Picture(string file)
        {
            var values = new float[transform.Shape.Count];
            transform.Apply(new ImageFiles().Open(Model("reference", file)), values);
            return values;
        }
        (Func<float[]> Input, float[] Expected, int Class)[] cases = [.. Expected("squeezenet").GetProperty("cases").EnumerateArray().Select(c =>
            ((Func<float[]>)(() => Picture(c.GetProperty("file").GetString()!)), Scores(c, "scores_first8"), c.GetProperty("top5")[0][0].GetInt32()))];
        Assert.That(cases, Has.Length.EqualTo(11));
        CaffeGraph read = CaffeFile.ReadText(Model("squeezenet_v1.0", "deploy.prototxt")).Graph();
        using Backend cpu = Backends.Open("cpu");
        using var parameters = new ParameterSet(read.Graph, cpu);
        CaffeFile.ReadBinary(Model("squeezenet_v1.0", "squeezenet_v1.0_deepcompressed.caffemodel")).Load(parameters, strict: true);
        using var net = new Net(parameters, 1, new() { Backward = false });
        double worst = 0;
        foreach ((Func<float[]> input, float[] expected, int label) in cases)
        {
            net.Load(read.Graph["data"], input());
            net.Forward(Phase.Test);
            float[] scores = net.Read(read.Graph["pool_final"]);
            for (int i = 0; i < expected.Length; i++) worst = Math.Max(worst, Math.Abs(expected[i] - scores[i]));
            Assert.That(Array.IndexOf(scores, scores.Max()), Is.EqualTo(label));
        }
        TestContext.Out.WriteLine($"{cases.Length} pictures, largest difference of a score {worst:0.0e+00}");
        Assert.That(worst, Is.LessThan(1e-3));
    }

    [TestCase("det1", 12)]
    [TestCase("det2", 24)]
    public void Mtcnns_nets_put_out_faces_and_boxes(string net, int side)
    {
        CaffeGraph read = CaffeFile.ReadText(Model("mtcnn", $"{net}.prototxt")).Graph();
        using Backend cpu = Backends.Open("cpu"), reference = Backends.Open("reference");
        float[] Run(Backend backend, int output)
        {
            using var parameters = new ParameterSet(read.Graph, backend);
            // The second was trained with a third output, which its net for use leaves out.
            CheckpointReport report = CaffeFile.ReadBinary(Model("mtcnn", $"{net}.caffemodel")).Load(parameters);
            Assert.That(report.Missing.Concat(report.Mismatched).Concat(report.Unused.Where(u => !u.StartsWith("conv5-3/", StringComparison.Ordinal))), Is.Empty);
            using var plan = new Net(parameters, 1, new() { Backward = false });
            plan.Load(read.Graph["data"], [.. Enumerable.Range(0, 3 * side * side).Select(i => MathF.Sin(i))]);
            plan.Forward(Phase.Test);
            return plan.Read(read.Graph.Outputs[output]);
        }
        Assert.That(read.Graph.Outputs.Select(o => o.Shape.Channels), Is.EquivalentTo((int[])[4, 2]));
        for (int i = 0; i < 2; i++) Assert.That(Run(cpu, i), Is.EqualTo(Run(reference, i)).Within(1e-4));
    }

    public static IEnumerable<(string Folder, string Text, string Binary)> Files =>
    [
        ("lenet", "lenet.prototxt", "lenet_iter_10000.caffemodel"), ("lenet", "lenet.prototxt", "lenet_iter_10000.v1layers.caffemodel"),
        ("cifar10_quick", "cifar10_quick.prototxt", "cifar10_quick_iter_5000.caffemodel"), ("cifar10_quick", "cifar10_quick.prototxt", "cifar10_quick_iter_5000.v1layers.caffemodel"),
        ("cifar10_full", "cifar10_full.prototxt", "cifar10_full_iter_70000.v1layers.caffemodel"), ("mtcnn", "det1.prototxt", "det1.caffemodel"), ("mtcnn", "det2.prototxt", "det2.caffemodel"),
        ("squeezenet_v1.0", "deploy.prototxt", "squeezenet_v1.0_deepcompressed.caffemodel"),
    ];

    [Test]
    public void Weights_survive_the_way_through_our_own_format_bit_for_bit([ValueSource(nameof(Files))] (string Folder, string Text, string Binary) model)
    {
        using var folder = new TemporaryFolder();
        CaffeFile text = CaffeFile.ReadText(Model(model.Folder, model.Text)), binary = CaffeFile.ReadBinary(Model(model.Folder, model.Binary));
        Graph graph = text.Graph().Graph;
        using Backend cpu = Backends.Open("cpu");
        using (var parameters = new ParameterSet(graph, cpu))
        {
            Assert.That(binary.Load(parameters).Missing, Is.Empty);
            Checkpoint.Save(parameters, folder["ours.safetensors"]);
        }
        using (var parameters = new ParameterSet(graph, cpu))
        {
            Checkpoint.Load(parameters, folder["ours.safetensors"]);
            new CaffeExport(parameters, "again", text).WriteBinary(folder["again.caffemodel"]);
        }
        CaffeFile again = CaffeFile.ReadBinary(folder["again.caffemodel"]);
        int compared = 0;
        foreach (var before in binary.Net.Layer.Where(l => l.Blobs.Count > 0 && graph.Nodes.Any(n => n.Name == l.Name)))
        {
            var after = again.Net.Layer.Single(l => l.Name == before.Name);
            Assert.That(after.Blobs.Select(b => b.Data), Is.EqualTo(before.Blobs.Select(b => b.Data)), before.Name);
            compared += before.Blobs.Sum(b => b.Data.Count);
        }
        TestContext.Out.WriteLine($"{model.Binary}: {compared} weights equal");
        Assert.That(compared, Is.GreaterThan(1000));
    }

    // The mean of ILSVRC-2012: the README's figures of each channel.
    [Test]
    public void Mean_files_are_read_and_written()
    {
        MeanImage mean = CaffeMeanFile.Read(Model("imagenet_mean.binaryproto"));
        Assert.That(mean.Shape, Is.EqualTo(new Shape(3, 256, 256)));
        BgrMean channels = mean.PerChannel();
        Assert.That((float[])[channels.Blue, channels.Green, channels.Red], Is.EqualTo((float[])[104.007f, 116.669f, 122.679f]).Within(1e-3f));
        using var folder = new TemporaryFolder();
        CaffeMeanFile.Write(mean, folder["mean.binaryproto"]);
        Assert.That(File.ReadAllBytes(folder["mean.binaryproto"]), Is.EqualTo(File.ReadAllBytes(Model("imagenet_mean.binaryproto"))));
    }
}

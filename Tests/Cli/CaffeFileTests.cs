using System.Text.Json;
using EvenNet.Cli;
using EvenNet.Framework;

namespace EvenNet.Tests.Cli;

/// <summary>The commands on Caffe's files.</summary>
public sealed class CaffeFileTests
{
    private const string Deploy = "deploy.prototxt", Trained = "squeezenet_v1.0_deepcompressed.caffemodel";

    private static string SqueezeNet(string file) => SharedData.Require("data", "caffemodels", "squeezenet_v1.0", file);

    private static (string Path, int Class, double Score)[] Pictures
    {
        get
        {
            using var expected = JsonDocument.Parse(File.ReadAllBytes(SharedData.Require("data", "caffemodels", "reference", "expected.json")));
            return [.. expected.RootElement.GetProperty("squeezenet").GetProperty("cases").EnumerateArray().Select(c => (
                SharedData.Require("data", "caffemodels", "reference", c.GetProperty("file").GetString()!), c.GetProperty("top5")[0][0].GetInt32(), c.GetProperty("top5")[0][2].GetDouble()))];
        }
    }

    private static JsonElement Classify(string net, string weights) => ToolRun.Of(
        ["classify", net, "--weights", weights, "--labels", SharedData.Require("data", "caffemodels", "synset_words.txt"), "--resize", "0", "--json", .. Pictures.Select(p => p.Path)]).Json;

    [Test]
    public void Classify_shows_the_recorded_classes_and_scores()
    {
        JsonElement result = Classify(SqueezeNet(Deploy), SqueezeNet(Trained));
        foreach (((string path, int label, double score), JsonElement picture) in Pictures.Zip(result.EnumerateArray()))
        {
            JsonElement[] top = [.. picture.GetProperty("top").EnumerateArray()];
            Assert.That(picture.GetProperty("file").GetString(), Is.EqualTo(path));
            Assert.That(top, Has.Length.EqualTo(5));
            Assert.That(top[0].GetProperty("index").GetInt32(), Is.EqualTo(label));
            Assert.That(top[0].GetProperty("score").GetDouble(), Is.EqualTo(score).Within(1e-3));
            Assert.That(top[0].GetProperty("label").GetString(), Does.Match("^n\\d{8} "));
            Assert.That(top.Select(t => t.GetProperty("score").GetDouble()), Is.Ordered.Descending);
        }
        // A picture as it comes from a camera: JPEG, another size.
        string cat = SharedData.Require("data", "caffemodels", "images", "space_shuttle.jpg");
        JsonElement shuttle = ToolRun.Of("classify", SqueezeNet(Deploy), cat, "--weights", SqueezeNet(Trained), "--json").Json[0].GetProperty("top")[0];
        Assert.That(shuttle.GetProperty("index").GetInt32(), Is.EqualTo(812));
    }

    // Caffe's nets for CIFAR take the planes as the files have them, red first; of the mean picture each channel's mean is taken here.
    [Test]
    public void Classify_takes_red_first_where_the_net_does()
    {
        using var folder = new TemporaryFolder();
        using var expected = JsonDocument.Parse(File.ReadAllBytes(SharedData.Require("data", "caffemodels", "reference", "expected.json")));
        JsonElement[] cases = [.. expected.RootElement.GetProperty("cifar10_quick").GetProperty("cases").EnumerateArray()];
        byte[] records = File.ReadAllBytes(SharedData.Require("data", "cifar10", "test_batch.bin"));
        const int plane = 32 * 32, length = 1 + 3 * plane;
        string[] files = [.. cases.Select((_, k) => folder[$"{k}.png"])];
        for (int k = 0; k < files.Length; k++)
        {
            int start = cases[k].GetProperty("record").GetInt32() * length + 1;
            PngWriter.Write(files[k], new Image(32, 32, [.. Enumerable.Range(0, 3 * plane).Select(i => records[start + (2 - i % 3) * plane + i / 3])]));
        }
        string Quick(string file) => SharedData.Require("data", "caffemodels", "cifar10_quick", file);
        string[] line = ["classify", Quick("cifar10_quick.prototxt"), "--weights", Quick("cifar10_quick_iter_5000.caffemodel"), "--mean", Quick("mean.binaryproto"), "--json", .. files];
        int[] Classes(string[] options) => [.. ToolRun.Of([.. line, .. options]).Json.EnumerateArray().Select(r => r.GetProperty("top")[0].GetProperty("index").GetInt32())];
        int[] recorded = [.. cases.Select(c => Largest([.. c.GetProperty("scores").EnumerateArray().Select(s => s.GetDouble())]))];
        Assert.That(Classes(["--red-first"]), Is.EqualTo(recorded));
        Assert.That(Classes([]), Is.Not.EqualTo(recorded));

        static int Largest(double[] scores) => Array.IndexOf(scores, scores.Max());
    }

    [Test]
    public void What_is_missing_is_told_with_a_guess_or_a_way_out()
    {
        string weights = SqueezeNet(Trained), quick = SharedData.Require("data", "caffemodels", "cifar10_quick", "cifar10_quick_iter_5000.caffemodel");
        ToolRun.Of("classify", SqueezeNet(Deploy), "--weights", weights.Replace("squeezenet_v1.0_deep", "squeezenet_v1.0_dep", StringComparison.Ordinal), "a.jpg")
            .MustFail(ExitCode.Data, "There is no file ", $"Did you mean {weights}?");
        using var folder = new TemporaryFolder();
        ToolRun.Of("convert", quick, folder["q.npz"]).MustFail(ExitCode.Data, quick, "reads the blob data", "--net NET");
        Assert.That(File.Exists(folder["q.npz"]), Is.False);
    }

    // A small net of grey pictures takes them as they are.
    [Test]
    public void Classify_reads_digits()
    {
        using var folder = new TemporaryFolder();
        Image digits = new ImageFiles().Open(SharedData.Require("data", "caffemodels", "reference", "mnist_t10k_first20.png"));
        using var expected = JsonDocument.Parse(File.ReadAllBytes(SharedData.Require("data", "caffemodels", "reference", "expected.json")));
        int[] classes = [.. expected.RootElement.GetProperty("lenet").GetProperty("cases").EnumerateArray().Select(c => c.GetProperty("label").GetInt32())];
        byte[] grey = digits.ToGrey();
        string[] files = [.. classes.Select((_, k) => folder[$"{k}.png"])];
        for (int k = 0; k < files.Length; k++)
        {
            int left = 28 * k;
            PngWriter.WriteGrey(files[k], 28, 28, [.. Enumerable.Range(0, 28 * 28).Select(i => grey[i / 28 * digits.Width + left + i % 28])]);
        }
        string Lenet(string file) => SharedData.Require("data", "caffemodels", "lenet", file);
        JsonElement result = ToolRun.Of(["classify", Lenet("lenet.prototxt"), "--weights", Lenet("lenet_iter_10000.caffemodel"), "--scale", "0.00390625", "--json", .. files]).Json;
        Assert.That(result.EnumerateArray().Select(r => r.GetProperty("top")[0].GetProperty("index").GetInt32()), Is.EqualTo(classes));
    }

    [Test]
    public void Rescaling_evens_the_rates_of_a_trained_net_and_keeps_its_function()
    {
        using var folder = new TemporaryFolder();
        string photographs = Path.Combine(TestContext.CurrentContext.TestDirectory, "Photographs");
        JsonElement result = ToolRun.Of("init", SqueezeNet(Deploy), "--weights", SqueezeNet(Trained), "--rescale-only", "--images", photographs, "--count", "4", "--no-elements",
            "--out", folder["even.caffemodel"], "--json").Json;
        Assert.That(result.GetProperty("flatnessBefore").GetDouble(), Is.GreaterThan(3));
        Assert.That(result.GetProperty("flatness").GetDouble(), Is.LessThan(1.2));
        Assert.That(result.GetProperty("functionChange").GetDouble(), Is.LessThan(1e-4));
        Assert.That(result.GetProperty("before").GetArrayLength(), Is.EqualTo(result.GetProperty("layers").GetArrayLength()));

        JsonElement before = Classify(SqueezeNet(Deploy), SqueezeNet(Trained)), after = Classify(folder["even.prototxt"], folder["even.caffemodel"]);
        foreach ((JsonElement b, JsonElement a) in before.EnumerateArray().Zip(after.EnumerateArray()))
        {
            Assert.That(a.GetProperty("top")[0].GetProperty("index").GetInt32(), Is.EqualTo(b.GetProperty("top")[0].GetProperty("index").GetInt32()));
            Assert.That(a.GetProperty("top")[0].GetProperty("score").GetDouble(), Is.EqualTo(b.GetProperty("top")[0].GetProperty("score").GetDouble()).Within(1e-3));
        }
        // Once more to the same name would put the new weights under the old description.
        ToolRun.Of("init", SqueezeNet(Deploy), "--weights", SqueezeNet(Trained), "--rescale-only", "--images", photographs, "--count", "2", "--no-elements",
            "--out", folder["even.caffemodel"]).MustFail(ExitCode.Data, "even.prototxt, which exists already");
    }

    [Test]
    public void Summary_and_diagnose_take_caffes_files()
    {
        JsonElement summary = ToolRun.Of("summary", SqueezeNet(Deploy), "--json").Json;
        Assert.That(summary.GetProperty("parameters").GetInt64(), Is.EqualTo(1_248_424));
        string photographs = Path.Combine(TestContext.CurrentContext.TestDirectory, "Photographs");
        JsonElement diagnose = ToolRun.Of("diagnose", SqueezeNet(Deploy), "--weights", SqueezeNet(Trained), "--images", photographs, "--count", "4", "--no-elements", "--json").Json;
        Assert.That(diagnose.GetProperty("layers").GetArrayLength(), Is.EqualTo(26));
    }

    [Test]
    public void Caffes_weights_go_to_ours_and_back()
    {
        using var folder = new TemporaryFolder();
        ToolRun there = ToolRun.Of("convert", SqueezeNet(Trained), folder["ours.safetensors"], "--net", SqueezeNet(Deploy), "--strict", "--json");
        Assert.That(there.Json.GetProperty("loaded").GetArrayLength(), Is.EqualTo(52));
        Assert.That(ToolRun.Of("convert", folder["ours.safetensors"], folder["back.caffemodel"], "--net", SqueezeNet(Deploy)).ExitCode, Is.Zero);
        var before = EvenNet.Interop.CaffeFile.ReadBinary(SqueezeNet(Trained)).Net.Layer.Where(l => l.Blobs.Count > 0).ToDictionary(l => l.Name, l => l.Blobs.Select(b => b.Data));
        var after = EvenNet.Interop.CaffeFile.ReadBinary(folder["back.caffemodel"]).Net.Layer.Where(l => l.Blobs.Count > 0).ToDictionary(l => l.Name, l => l.Blobs.Select(b => b.Data));
        Assert.That(after, Is.EqualTo(before));
    }

    [Test]
    public void Wrong_files_are_told_what_is_wrong()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["a.prototxt"], "input: \"data\" input_dim: [1, 3, 8, 8]\nlayer { name: \"l\" type: \"LSTM\" bottom: \"data\" top: \"l\" }");
        File.WriteAllText(folder["b.prototxt"], "input: \"data\" input_dim: [1, 3, 8, 8]\nlayer { name: \"fc\" type: \"InnerProduct\" bottom: \"data\" top: \"fc\" inner_product_param { num_output: 4 } colour: 3 }");
        File.WriteAllText(folder["c.caffemodel"], "not a model");
        ToolRun.Of("summary", folder["a.prototxt"]).MustFail(ExitCode.Data, "a.prototxt:2:7: l (LSTM): there is no layer of this type here", "supported are");
        Assert.That(ToolRun.Of("summary", folder["b.prototxt"]).Error, Does.Contain("b.prototxt:2:").And.Contain("no field colour"));
        ToolRun.Of("summary", folder["c.caffemodel"]).MustFail(ExitCode.Data, "c.caffemodel: is no model of Caffe");
        ToolRun.Of("summary", folder["none.prototxt"]).MustFail(ExitCode.Data, "none.prototxt");
        ToolRun.Of("classify", folder["b.prototxt"], "a.jpg").MustFail(ExitCode.Usage, "has no weights of its own", "--weights");
        ToolRun.Of("summary", folder["b.prototxt"], "--classes", "7").MustFail(ExitCode.Usage, "has 4 classes, not 7");
        ToolRun.Of("classify", "lenet", "--weights", SharedData.Require("data", "caffemodels", "lenet", "lenet_iter_10000.caffemodel"), folder.Path).MustFail(ExitCode.Data, "is a folder; name the pictures in it");
        ToolRun.Of("classify", SqueezeNet(Deploy), "--weights", SharedData.Require("data", "caffemodels", "lenet", "lenet_iter_10000.caffemodel"), "a.jpg").MustFail(ExitCode.Data, "conv1.weight is 20×1×5×5 in the file", "and 32 more", "these are another net's weights");
        ToolRun.Of("init", "lenet", "--rescale-only", "--images", "x").MustFail(ExitCode.Usage, "--rescale-only needs the weights");
    }
}

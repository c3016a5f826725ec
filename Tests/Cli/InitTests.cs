using System.Text.Json;
using EvenNet.Cli;
using EvenNet.Framework;

namespace EvenNet.Tests.Cli;

public sealed class InitTests
{
    [Test]
    public void The_document_has_what_its_contract_says()
    {
        using var folder = new TemporaryFolder();
        string images = PictureFolder.Make(folder["images"], 8);
        JsonElement json = Init(images, "--method", "gaussian", "--count", "8", "--json").Json;
        Assert.That(json.GetProperty("net").GetString(), Is.EqualTo("caffenet-mini"));
        Assert.That(json.GetProperty("method").GetString(), Is.EqualTo("gaussian"));
        Assert.That(json.GetProperty("between").GetString(), Is.EqualTo("scale-layers"));
        Assert.That(json.GetProperty("images").GetInt32(), Is.EqualTo(8));
        Assert.That(json.GetProperty("seed").GetInt32(), Is.EqualTo(1));
        Assert.That(json.GetProperty("seconds").GetDouble(), Is.Positive);
        Assert.That(json.GetProperty("functionChange").GetDouble(), Is.InRange(0, 1e-3));
        Assert.That(json.GetProperty("fallbacks").GetArrayLength(), Is.Zero);
        Assert.That(json.GetProperty("timings").EnumerateArray().Select(t => t.GetProperty("name").GetString()), Is.SupersetOf(new[] { "images", "weights", "rescaling", "measuring" }));
        JsonElement[] layers = [.. json.GetProperty("layers").EnumerateArray()];
        Assert.That(layers.Select(l => l.GetProperty("name").GetString()), Is.EqualTo(new[] { "conv1", "conv2", "conv3", "conv4", "conv5", "fc6", "fc7", "fc8" }));
        foreach (JsonElement layer in layers)
        {
            foreach (string number in (string[])["rate", "rateCv", "elementRate", "elementRateCv", "rmsRate"])
                Assert.That(layer.GetProperty(number).GetDouble(), Is.Positive, $"{layer.GetProperty("name")} {number}");
            Assert.That(layer.GetProperty("weights").GetString(), Is.EqualTo("gaussian"));
        }
        double[] rates = [.. layers.Select(l => l.GetProperty("rate").GetDouble())];
        Assert.That(json.GetProperty("flatness").GetDouble(), Is.EqualTo(rates.Max() / rates.Min()).Within(1e-9));
    }

    [Test]
    public void Every_layer_has_mean_beta_and_deviation_one_and_all_learn_at_one_rate([Values(0.1, 0.5)] double bias)
    {
        using var folder = new TemporaryFolder();
        string images = PictureFolder.Make(folder["images"], 12);
        JsonElement json = Init(images, "--method", "gaussian", "--count", "12", "--bias", $"{bias}", "--json").Json;
        foreach (JsonElement layer in json.GetProperty("layers").EnumerateArray())
        {
            Assert.That(layer.GetProperty("outputMean").GetDouble(), Is.EqualTo(bias).Within(1e-3), layer.GetProperty("name").GetString());
            Assert.That(layer.GetProperty("outputStd").GetDouble(), Is.EqualTo(1).Within(1e-3), layer.GetProperty("name").GetString());
        }
        Assert.That(json.GetProperty("flatness").GetDouble(), Is.LessThan(1.25));
    }

    [Test]
    public void Without_the_steps_layers_stay_uneven()
    {
        using var folder = new TemporaryFolder();
        string images = PictureFolder.Make(folder["images"], 8);
        JsonElement json = Init(images, "--method", "gaussian", "--count", "8", "--no-within", "--between", "none", "--no-elements", "--json").Json;
        Assert.That(json.GetProperty("flatness").GetDouble(), Is.GreaterThan(5));
        Assert.That(json.GetProperty("functionChange").GetDouble(), Is.Zero);
        Assert.That(json.GetProperty("layers")[0].GetProperty("elementRate").ValueKind, Is.EqualTo(JsonValueKind.Null));
    }

    [Test]
    public void Equal_seeds_write_equal_files_whatever_the_threads_and_other_seeds_others()
    {
        using var folder = new TemporaryFolder();
        string images = PictureFolder.Make(folder["images"], 9);
        byte[] Weights(string name, params string[] options)
        {
            ToolRun run = Init(images, ["--method", "gaussian", "--count", "6", "--out", folder[name], "--json", .. options]);
            Assert.That(run.Json.GetProperty("weightsFile").GetString(), Is.EqualTo(folder[name]));
            return File.ReadAllBytes(folder[name]);
        }

        byte[] one = Weights("a", "--threads", "1");
        Assert.That(Weights("b", "--threads", "2"), Is.EqualTo(one));
        Assert.That(Weights("c", "--threads", "3"), Is.EqualTo(one));
        Assert.That(Weights("d", "--seed", "2"), Is.Not.EqualTo(one));
        Assert.That(folder.Names, Is.EqualTo(new[] { "a", "b", "c", "d", "images" }), "with --json nothing is written that was not asked for");
    }

    [Test]
    public void Weights_carry_their_scales_and_what_they_were_made_with()
    {
        using var folder = new TemporaryFolder();
        string images = PictureFolder.Make(folder["images"], 6);
        Assert.That(Init(images, "--method", "gaussian", "--count", "6", "--classes", "7", "--out", folder["w.safetensors"], "--no-report").ExitCode, Is.Zero);
        using SafetensorsFile file = Safetensors.Open(folder["w.safetensors"]);
        Assert.That(file.Find("conv1.weight")!.Shape, Is.EqualTo(new long[] { 48, 3, 11, 11 }));
        Assert.That(file.Find("fc8.bias")!.Shape, Is.EqualTo(new long[] { 7 }));
        Assert.That(file.Find("conv1.scale")!.Count, Is.EqualTo(1));
        Assert.That(file.Metadata, Is.EquivalentTo(new Dictionary<string, string>
        {
            ["format"] = "evennet-weights-1",
            ["net"] = "caffenet-mini",
            ["classes"] = "7",
            ["method"] = "gaussian",
            ["between"] = "scale-layers",
            ["seed"] = "1",
        }));
    }

    [Test]
    public void The_report_lies_beside_the_weights()
    {
        using var folder = new TemporaryFolder();
        string images = PictureFolder.Make(folder["images"], 6);
        ToolRun run = Init(images, "--method", "gaussian", "--count", "6", "--out", folder["w.safetensors"]);
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        Assert.That(folder.Names, Is.EqualTo(new[] { "images", "w.report", "w.safetensors" }));
        Assert.That(Directory.GetFiles(folder["w.report"]).Select(Path.GetFileName), Is.EquivalentTo(new[] { "report.html", "init-report.json", "filters-conv1.png" }));
        Assert.That(File.ReadAllText(Path.Combine(folder["w.report"], "report.html")), Does.Contain("caffenet-mini, gaussian, 6 pictures"));
        Assert.That(new ImageFiles().Open(Path.Combine(folder["w.report"], "filters-conv1.png")).Width, Is.GreaterThan(48));
        Assert.That(run.Output, Does.Match(@"flatness\s+1\.").And.Match("function +rescaling changed the outputs by at most"));
        Assert.That(run.Error, Does.Contain("next      evennet diagnose caffenet-mini --weights").And.Contain("report.html"));
    }

    [Test]
    public void Weights_that_exist_are_rescaled_and_the_function_kept()
    {
        using var folder = new TemporaryFolder();
        string images = PictureFolder.Make(folder["images"], 8);
        Assert.That(Init(images, "--method", "xavier", "--count", "8", "--out", folder["x.safetensors"], "--json").ExitCode, Is.Zero);
        JsonElement json = Init(images, "--method", "gaussian", "--count", "8", "--weights", folder["x.safetensors"], "--out", folder["y.safetensors"], "--json").Json;
        Assert.That(json.GetProperty("flatness").GetDouble(), Is.LessThan(1.25));
        Assert.That(json.GetProperty("functionChange").GetDouble(), Is.LessThan(1e-3));
        Assert.That(json.GetProperty("layers").EnumerateArray().Select(l => l.GetProperty("weights").GetString()), Is.All.EqualTo("kept"));
        Assert.That(json.GetProperty("startedFrom").GetString(), Is.EqualTo(folder["x.safetensors"]));
    }

    [Test]
    public void A_classifier_is_zeroed_last()
    {
        using var folder = new TemporaryFolder();
        string images = PictureFolder.Make(folder["images"], 6);
        JsonElement json = Init(images, "--method", "gaussian", "--count", "6", "--zero-classifier", "--out", folder["w"], "--json").Json;
        Assert.That(json.GetProperty("flatness").GetDouble(), Is.LessThan(1.3), "the rates are those before");
        using SafetensorsFile file = Safetensors.Open(folder["w"]);
        float[] classifier = new float[file.Find("fc8.weight")!.Count], below = new float[file.Find("fc7.weight")!.Count];
        file.Read("fc8.weight", classifier);
        file.Read("fc7.weight", below);
        Assert.That(classifier, Is.All.Zero);
        Assert.That(below, Has.Some.Not.Zero);
    }

    [Test]
    public void Lists_and_cropping_and_the_mean_are_heard()
    {
        using var folder = new TemporaryFolder();
        PictureFolder.Make(folder["images"], 4, width: 200, height: 150);
        File.WriteAllLines(folder["list.txt"], ["images/picture-00.png 3", "# a comment", "images/picture-02.png"]);
        JsonElement warped = ToolRun.Of("init", "caffenet-mini", "--list", folder["list.txt"], "--method", "xavier", "--count", "2", "--json").Json;
        JsonElement cut = ToolRun.Of("init", "caffenet-mini", "--list", folder["list.txt"], "--method", "xavier", "--count", "2", "--crop", "--json").Json;
        JsonElement dark = ToolRun.Of("init", "caffenet-mini", "--list", folder["list.txt"], "--method", "xavier", "--count", "2", "--mean", "0,0,0", "--scale", "0.01", "--json").Json;
        double Std(JsonElement json) => json.GetProperty("layers")[0].GetProperty("outputStd").GetDouble();
        Assert.That(warped.GetProperty("distinctImages").GetInt32(), Is.EqualTo(2));
        Assert.That(Std(cut), Is.Not.EqualTo(Std(warped)));
        Assert.That(Std(dark), Is.LessThan(Std(warped) / 10));
    }

    [Test]
    public void Too_few_pictures_are_used_again_and_said()
    {
        using var folder = new TemporaryFolder();
        string images = PictureFolder.Make(folder["images"], 3);
        ToolRun run = Init(images, "--method", "gaussian", "--count", "6", "--json");
        Assert.That(run.Json.GetProperty("distinctImages").GetInt32(), Is.EqualTo(3));
        Assert.That(run.Error, Does.Contain("only 3 different pictures for 6 asked for"));
    }

    [Test]
    public void A_cancelled_run_says_so_and_leaves_nothing()
    {
        using var folder = new TemporaryFolder();
        string images = PictureFolder.Make(folder["images"], 6);
        using var cancellation = new CancellationTokenSource();
        cancellation.Cancel();
        ToolRun.Of(cancellation.Token, "init", "caffenet-mini", "--images", images, "--method", "gaussian", "--count", "6", "--out", folder["w"])
            .MustFail(ExitCode.Interrupted, "interrupted; nothing was written");
        Assert.That(folder.Names, Is.EqualTo(new[] { "images" }));
    }

    private static ToolRun Init(string images, params string[] options) => ToolRun.Of(["init", "caffenet-mini", "--images", images, .. options]);
}

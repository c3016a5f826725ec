using System.Text.Json;
using EvenNet.Cli;

namespace EvenNet.Tests.Cli;

public sealed class DiagnoseTests
{
    [Test]
    public void What_init_made_even_is_even_on_other_pictures_and_noise()
    {
        using var folder = new TemporaryFolder();
        string images = PictureFolder.Make(folder["images"], 12), others = PictureFolder.Make(folder["others"], 12, seed: 9);
        Assert.That(ToolRun.Of("init", "caffenet-mini", "--images", images, "--method", "gaussian", "--count", "12", "--out", folder["w"], "--json").ExitCode, Is.Zero);
        JsonElement json = ToolRun.Of("diagnose", "caffenet-mini", "--weights", folder["w"], "--images", others, "--count", "12", "--seed", "2", "--json").Json;
        Assert.That(json.GetProperty("net").GetString(), Is.EqualTo("caffenet-mini"));
        Assert.That(json.GetProperty("weightsFile").GetString(), Is.EqualTo(folder["w"]));
        Assert.That(json.GetProperty("flatness").GetDouble(), Is.InRange(1, 1.35));
        JsonElement[] layers = [.. json.GetProperty("layers").EnumerateArray()];
        Assert.That(layers, Has.Length.EqualTo(8));
        foreach (JsonElement layer in layers)
        {
            Assert.That(layer.GetProperty("rate").GetDouble(), Is.Positive);
            Assert.That(layer.GetProperty("outputStd").GetDouble(), Is.InRange(0.5, 2));
        }
    }

    [Test]
    public void Several_files_and_methods_come_as_runs_on_the_same_pictures()
    {
        using var folder = new TemporaryFolder();
        string images = PictureFolder.Make(folder["images"], 6);
        Assert.That(ToolRun.Of("init", "caffenet-mini", "--images", images, "--method", "gaussian", "--count", "6", "--out", folder["w"], "--json").ExitCode, Is.Zero);
        string[] command = ["diagnose", "caffenet-mini", "--weights", folder["w"], folder["w"], "--init", "msra", "gaussian", "--images", images, "--count", "6", "--no-elements"];
        JsonElement[] runs = [.. ToolRun.Of([.. command, "--json"]).Json.GetProperty("runs").EnumerateArray()];
        Assert.That(runs.Select(r => r.GetProperty("method").GetString()), Is.EqualTo(new[] { null, null, "msra", "gaussian" }));
        Assert.That(runs[0].GetProperty("flatness").GetDouble(), Is.EqualTo(runs[1].GetProperty("flatness").GetDouble()));
        // The same seed and pictures make the same net as the file holds.
        Assert.That(runs[3].GetProperty("flatness").GetDouble(), Is.EqualTo(runs[0].GetProperty("flatness").GetDouble()));
        Assert.That(runs[2].GetProperty("flatness").GetDouble(), Is.GreaterThan(2 * runs[0].GetProperty("flatness").GetDouble()));

        ToolRun table = ToolRun.Of([.. command, "--report", folder["r"]]);
        Assert.That(table.Output, Does.Match(@"layer +w +cv +w +cv +msra +cv +gaussian +cv").And.Match("(?m)^flatness "));
        Assert.That(File.Exists(Path.Combine(folder["r"], "report.html")));
    }

    [Test]
    public void A_zeroed_classifier_has_no_rates_and_says_why()
    {
        using var folder = new TemporaryFolder();
        string images = PictureFolder.Make(folder["images"], 4);
        Assert.That(ToolRun.Of("init", "caffenet-mini", "--images", images, "--method", "gaussian", "--count", "4", "--zero-classifier", "--out", folder["w"], "--json").ExitCode, Is.Zero);
        JsonElement json = ToolRun.Of("diagnose", "caffenet-mini", "--weights", folder["w"], "--images", images, "--count", "4", "--json").Json;
        Assert.That(json.GetProperty("flatness").ValueKind, Is.EqualTo(JsonValueKind.Null));
        Assert.That(json.GetProperty("layers")[7].GetProperty("rate").ValueKind, Is.EqualTo(JsonValueKind.Null));
        Assert.That(json.GetProperty("fallbacks")[0].GetProperty("kind").GetString(), Is.EqualTo("zero-weights"));
        Assert.That(json.GetProperty("fallbacks")[0].GetProperty("layer").GetString(), Is.EqualTo("fc8"));
    }

    [Test]
    public void Something_to_measure_must_be_given() =>
        ToolRun.Of("diagnose", "caffenet-mini", "--images", ".").MustFail(ExitCode.Usage, "give --weights FILE… or --init METHOD…");
}

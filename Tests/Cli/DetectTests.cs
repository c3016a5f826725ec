using System.Text.Json;
using EvenNet.Cli;
using EvenNet.Detection;
using EvenNet.Framework;

namespace EvenNet.Tests.Cli;

/// <summary>Detectors by the command line, on small data.</summary>
public sealed class DetectTests
{
    private TemporaryFolder folder = null!;
    private string voc = null!, boxes = null!;

    [SetUp]
    public void MakeFolder()
    {
        folder = new TemporaryFolder();
        voc = TrainingFolders.Voc(folder["VOCdevkit"]);
        boxes = folder["boxes.npz"];
        var random = new Random(4);
        foreach (string path in Directory.GetFiles(Path.Combine(voc, "VOC2007", "JPEGImages")))
        {
            // As large as the annotations say.
            var picture = new Image(50, 40);
            random.NextBytes(picture.Pixels);
            PngWriter.Write(path, picture);
        }
        ProposalFile.Write(boxes, Enumerable.Range(1, 10).Select(i => new PictureBoxes($"{i:000000}",
            i == 10 ? [] : [.. Enumerable.Range(0, 30).Select(_ => new PixelBox(random.Next(20), random.Next(15), random.Next(21, 50), random.Next(16, 40)))])));
    }

    [TearDown]
    public void RemoveFolder() => folder.Dispose();

    [Test]
    public void Six_iterations_equal_three_resumed_to_six()
    {
        string whole = Train("whole", "--iterations", "6", "--accumulate", "2"), half = Train("half", "--iterations", "3", "--accumulate", "2", "--threads", "1");
        ToolRun resumed = ToolRun.Of("detect", "train", "--resume", half, "--iterations", "6", "--threads", "2");
        Assert.That(resumed.ExitCode, Is.Zero, resumed.Error);
        Assert.That(File.ReadAllBytes(Checkpoint(half)), Is.EqualTo(File.ReadAllBytes(Checkpoint(whole))));
        double?[] Losses(string run) => [.. MetricsFile.Read(new RunFiles(run).Metrics).Where(l => l.Kind == "train").Select(l => l["loss"])];
        Assert.That(Losses(half), Is.EqualTo(Losses(whole)).And.Length.EqualTo(6));
        Assert.That(File.Exists(Path.Combine(whole, "report.html")), Is.True);
    }

    [Test]
    public void A_detector_is_judged_shown_and_trained_further()
    {
        string run = Train("run", "--iterations", "2", "--multi-scale", "--longest", "90");
        Assert.That(Directory.GetFiles(run, "detections-*.png"), Is.Not.Empty);
        Assert.That(File.ReadAllText(Path.Combine(run, "report.html")), Does.Contain("<h2>Detections</h2>").And.Contain("data:image/png;base64,"));
        JsonElement judged = ToolRun.Of("detect", "eval", "--voc", voc, "--weights", run, "--results", folder["results"], "--out", folder["e.json"], "--json").Json;
        Assert.That(judged.GetProperty("pictures").GetInt32(), Is.EqualTo(4));
        Assert.That(judged.GetProperty("values").GetProperty("map").GetDouble(), Is.EqualTo(RunRecord.Read(run).Results["test.map"]));
        Assert.That(judged.GetProperty("classes").GetArrayLength(), Is.EqualTo(20));
        Assert.That(Directory.GetFiles(folder["results"]), Has.Length.EqualTo(20));
        Assert.That(EvaluationRecord.Read(folder["e.json"]).MultiLabel!.Classes, Has.Count.EqualTo(20));

        // The evaluation of the written files is the same.
        using var jpeg = new EvenNet.Kernels.JpegDecoder();
        VocDataset test = VocDataset.Open(voc, "test", new ImageFiles(jpeg));
        string[] ids = [.. Enumerable.Range(0, test.Count).Select(test.Id)];
        DetectionEvaluation again = DetectionEvaluation.Of(test.Classes, [.. Enumerable.Range(0, test.Count).Select(i => test.Annotation(i).Objects)], VocResults.Read(folder["results"], "test", test.Classes, ids));
        Assert.That(again.Mean(AveragePrecisionRule.Voc11Point), Is.EqualTo(judged.GetProperty("values").GetProperty("map").GetDouble()));

        string picture = Path.Combine(voc, "VOC2007", "JPEGImages", "000007.jpg");
        JsonElement shown = ToolRun.Of("detect", "show", picture, "--weights", run, "--proposals", boxes, "--least", "0", "--out", folder["drawn"], "--json").Json;
        Assert.That(shown[0].GetProperty("objects").GetArrayLength(), Is.Positive);
        Assert.That(new ImageFiles().Open(Path.Combine(folder["drawn"], "000007.png")).Width, Is.EqualTo(new ImageFiles(jpeg).Open(picture).Width));
        Assert.That(ToolRun.Of("detect", "eval", "--voc", voc, "--weights", run).Output, Does.Contain("by VOC 2007's rule").And.Contain("aeroplane"));

        ToolRun further = ToolRun.Of(["detect", "train", .. Line("further"), "--weights", run, "--iterations", "1"]);
        Assert.That(further.ExitCode, Is.Zero, further.Error);
    }

    [Test]
    public void Weights_of_a_classification_net_start_a_detector_and_a_dry_run_leaves_nothing()
    {
        Assert.That(ToolRun.Of("init", "caffenet-mini", "--voc", voc, "--method", "gaussian", "--count", "4", "--out", folder["w.safetensors"]).ExitCode, Is.Zero);
        ToolRun dry = ToolRun.Of(["detect", "train", .. Line("dry"), "--weights", folder["w.safetensors"], "--iterations", "5", "--dry-run"]);
        Assert.That(dry.ExitCode, Is.Zero, dry.Error);
        Assert.That(dry.Output, Does.Contain("(boxes ").And.Contain("saved and loaded"));
        Assert.That(Directory.Exists(folder["dry"]), Is.False);
        ToolRun.Of("detect", "eval", "--voc", voc, "--weights", folder["w.safetensors"], "--test-proposals", boxes).MustFail(ExitCode.Data, "is no detector's");
    }

    [Test]
    public void What_cannot_be_trained_is_told()
    {
        ToolRun.Of("detect", "train").MustFail(ExitCode.Usage, "no data: give --voc DIR");
        ToolRun.Of("detect", "train", "--voc", voc, "--net", "caffenet-mini", "--cut", "pool9", "--proposals", boxes).MustFail(ExitCode.Usage, "no node named pool9");
        ToolRun.Of("detect", "train", "--voc", voc, "--net", "resnet20", "--cut", "data", "--proposals", boxes).MustFail(ExitCode.Usage, "data");
        ProposalFile.Write(folder["few.npz"], [new PictureBoxes("000001", [])]);
        ToolRun.Of("detect", "train", "--voc", voc, "--net", "caffenet-mini", "--init", "gaussian", "--init-count", "4", "--proposals", folder["few.npz"]).MustFail(ExitCode.Data, "few.npz", "000002");
    }

    // Small pictures, and a net that a test can wait for.
    private string[] Line(string runs) => ["--voc", voc, "--proposals", boxes, "--net", "caffenet-mini", "--init", "gaussian", "--init-count", "4", "--sides", "40", "--test-side", "40", "--regions", "8", "--runs", folder[runs]];

    private string Train(string runs, params string[] options) => ToolRun.Of(["detect", "train", .. Line(runs), "--json", .. options]).Json.GetProperty("run").GetString()!;

    private static string Checkpoint(string run) => new CheckpointFolder(new RunFiles(run).Checkpoints)["last"];
}

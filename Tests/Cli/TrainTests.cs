using System.Text.Json;
using EvenNet.Cli;
using EvenNet.Framework;

namespace EvenNet.Tests.Cli;

/// <summary>Training and judging by the command line, on small data.</summary>
public sealed class TrainTests
{
    private TemporaryFolder folder = null!;
    private string cifar = null!;

    [SetUp]
    public void MakeFolder()
    {
        folder = new TemporaryFolder();
        cifar = TrainingFolders.Cifar(folder["cifar"]);
    }

    [TearDown]
    public void RemoveFolder() => folder.Dispose();

    [TestCase("--solver sgd --accumulate 2 --init msra")]
    [TestCase("--solver adam --rate 0.001 --init pca --init-count 20")]
    [TestCase("--init msra --modulate previous --modulate-memory 0.5 --modulate-every 3 --regularizer orthonormal:0.01 --rate 0.0003")]
    public void Forty_iterations_equal_twenty_resumed_to_forty(string options)
    {
        string[] line = [.. options.Split(' '), "--policy", "fixed", "--eval-every", "10"];
        string whole = Train("whole", [.. line, "--iterations", "40", "--workers", "1"]), half = Train("half", [.. line, "--iterations", "20", "--threads", "1", "--workers", "4"]);
        ToolRun resumed = Resume(half, "--iterations", "40", "--threads", "2", "--workers", "2");
        Assert.That(resumed.ExitCode, Is.Zero, resumed.Error);
        foreach (string name in new[] { "last", "best" }) Assert.That(File.ReadAllBytes(Checkpoint(half, name)), Is.EqualTo(File.ReadAllBytes(Checkpoint(whole, name))), name);
        Assert.That(Losses(half), Is.EqualTo(Losses(whole)));
        RunRecord record = RunRecord.Read(half);
        Assert.That(record.Sessions.Select(s => (s.FirstIteration, s.LastIteration, s.Outcome)), Is.EqualTo(new[] { (0, (int?)20, RunOutcome.Finished), (20, 40, RunOutcome.Finished) }));
        Assert.That((record.Settings["iterations"], record.Results["test.top1"]), Is.EqualTo(("40", RunRecord.Read(whole).Results["test.top1"])));
    }

    [Test]
    public void A_run_says_what_it_did_and_eval_finds_the_same()
    {
        JsonElement trained = Run("--iterations", "12", "--name", "my run", "--crops", "10", "--json").Json;
        string run = trained.GetProperty("run").GetString()!;
        Assert.That(Path.GetFileName(run), Does.EndWith("-my-run"));
        Assert.That((trained.GetProperty("outcome").GetString(), trained.GetProperty("iterations").GetInt32()), Is.EqualTo(("Finished", 12)));
        RunRecord record = RunRecord.Read(run);
        Assert.That((record.Outcome, record.Settings["rate"], record.Settings["data"], record.Settings["cifar10"]), Is.EqualTo((RunOutcome.Finished, "0.01", "cifar10", cifar)));
        JsonElement judged = ToolRun.Of("eval", "cifar10", "--cifar10", cifar, "--weights", run, "--crops", "10", "--json").Json;
        foreach (string name in new[] { "loss", "top1", "top5" })
            Assert.That(judged.GetProperty("values").GetProperty(name).GetDouble(), Is.EqualTo(record.Results[$"test.{name}"]).Within(name == "loss" ? 1e-6 : 0), $"{name}, in batches of another size");
        ToolRun said = ToolRun.Of("eval", "cifar10", "--cifar10", cifar, "--weights", run + "/best");
        Assert.That(said.Output, Does.Contain("top 1").And.Contain("20 pictures").And.Contain("recall"));
    }

    // What is measured is measured on plans of its own; that it changes no bit of the training is seen by the checkpoint.
    [TestCase("")]
    [TestCase("--modulate top --accumulate 2 --rate 0.0001")]
    public void Rates_and_sizes_are_measured_and_change_nothing(string options)
    {
        string[] line = [.. options.Split(' ', StringSplitOptions.RemoveEmptyEntries), "--iterations", "6"];
        string plain = Train("plain", line), measured = Train("measured", [.. line, "--rates", "3", "--depth", "2"]);
        Assert.That(File.ReadAllBytes(Checkpoint(measured)), Is.EqualTo(File.ReadAllBytes(Checkpoint(plain))));
        MetricsLine[] lines = [.. MetricsFile.Read(new RunFiles(measured).Metrics).Where(l => l.Kind == "rates")];
        Assert.That(lines.Select(l => l.Iteration), Is.EqualTo(new[] { 1, 3, 6 }));
        foreach (string layer in new[] { "conv1", "conv2", "conv3", "ip1", "ip2" })
            Assert.That(lines.All(l => l[$"{layer}.rate"] > 0 && l[$"{layer}.update"] is > 0 and < 1), Is.True, layer);
    }

    [Test]
    public void A_few_pictures_are_learned_by_heart()
    {
        string run = Train("run", "--overfit", "8", "--batch", "8", "--iterations", "80", "--solver", "adam", "--rate", "0.002", "--decay", "0", "--eval-every", "0");
        double[] losses = Losses(run);
        TestContext.Out.WriteLine($"loss {losses[0]:F3} at first, {losses[^1]:F5} at the end");
        Assert.That(losses[0], Is.GreaterThan(1));
        Assert.That(losses[^1], Is.LessThan(0.02));
        Assert.That(RunRecord.Read(run).Results["test.top1"], Is.EqualTo(1), "the same pictures, cut the same way");
    }

    [Test]
    public void A_dry_run_and_a_search_for_a_rate_leave_no_run_behind()
    {
        ToolRun dry = Run("--dry-run");
        Assert.That(dry.ExitCode, Is.Zero, dry.Error);
        Assert.That(dry.Output, Does.Contain("step").And.Contain("5 of 20 pictures scored").And.Contain("saved and loaded"));
        JsonElement found = Run("--find-rate", "--json").Json;
        Assert.That(found.GetProperty("points").GetArrayLength(), Is.GreaterThan(10));
        Assert.That(Directory.Exists(folder["runs"]), Is.False);
        // Of a run that is there, nothing changes.
        string run = Train("run", "--iterations", "4");
        Dictionary<string, byte[]> before = Files(run);
        Assert.That(Resume(run, "--dry-run").ExitCode, Is.Zero);
        Assert.That(Resume(run, "--find-rate").ExitCode, Is.Zero);
        Assert.That(Files(run), Is.EqualTo(before));
    }

    [Test]
    public void Without_a_gain_a_run_stops_early_and_says_so()
    {
        ToolRun run = Run("--iterations", "40", "--eval-every", "2", "--patience", "3", "--least-gain", "5");
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        Assert.That(run.Output, Does.Contain("stopped early: top1 had not got better 3 times after 8 iterations"));
        RunRecord record = RunRecord.Read(RunFiles.Newest(folder["runs"])!.Folder);
        Assert.That((record.Outcome, record.Sessions[0].LastIteration), Is.EqualTo((RunOutcome.StoppedEarly, (int?)8)));
    }

    [Test]
    public void Checkpoints_are_kept_as_asked()
    {
        string run = Train("run", "--iterations", "10", "--save-every", "1", "--keep-every", "2", "--keep", "3", "--eval-every", "5");
        Assert.That(new CheckpointFolder(new RunFiles(run).Checkpoints).Kept, Is.EqualTo(new[] { 6, 8, 10 }));
        Assert.That(ToolRun.Of("eval", "cifar10", "--cifar10", cifar, "--weights", $"{run}/iter-8").ExitCode, Is.Zero);
        ToolRun.Of("eval", "cifar10", "--cifar10", cifar, "--weights", $"{run}/iter-3").MustFail(ExitCode.Data, "there is no checkpoint iter-3", "it has last, best, iter-6, iter-8, iter-10");
    }

    [Test]
    public void A_run_that_diverges_names_the_layer_and_the_way_out_and_keeps_its_state()
    {
        ToolRun failed = Run("--iterations", "30", "--rate", "1e4", "--save-every", "1");
        failed.MustFail(ExitCode.Diverged, "iteration", "not finite", "--rate (it was", "--find-rate", "--clip", "--init kmeans", "The last checkpoint");
        Assert.That(failed.Error, Does.Match("of (conv[123]|ip[12]) \\(|(conv[123]|ip[12])\\.(weight|bias) are not finite"));
        string run = RunFiles.Newest(folder["runs"])!.Folder;
        RunRecord record = RunRecord.Read(run);
        Assert.That((record.Outcome, record.Sessions[0].Message), Is.EqualTo((RunOutcome.Diverged, record.Sessions[0].Message)));
        Assert.That(record.Sessions[0].Message, Does.Contain("not finite"));
        Assert.That(CheckpointFolder.IterationOf(Checkpoint(run)), Is.AtLeast(1));
        using SafetensorsFile file = Safetensors.Open(Checkpoint(run));
        foreach (SafetensorsTensor tensor in file.Tensors)
        {
            float[] values = new float[tensor.Count];
            file.Read(tensor.Name, 0, values);
            Assert.That(values.All(float.IsFinite), Is.True, tensor.Name);
        }
    }

    [TestCase("--eval-every 1")]
    [TestCase("--dry-run")]
    public void Divergence_has_its_exit_code_wherever_it_is_found(string option)
    {
        ToolRun run = Run(["--iterations", "30", "--rate", "1e6", "--scale", "1e15", "--policy", "fixed", .. option.Split(' ')]);
        Assert.That(run.ExitCode, Is.EqualTo(ExitCode.Diverged), run.Error);
        Assert.That(run.Error, Does.Contain("not finite"));
    }

    [Test]
    public void Every_kind_of_data_trains_and_is_judged()
    {
        string folders = TrainingFolders.Folders(folder["pictures"], ("train", ["cat", "dog"], 4), ("val", ["cat", "dog"], 2));
        string idx = TrainingFolders.Idx(folder["idx"]);
        string List(string split)
        {
            string path = folder[split + ".txt"];
            File.WriteAllLines(path, Directory.GetFiles(Path.Combine(folders, split), "*.png", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Select(p => $"{p} {(p.Contains("/cat/", StringComparison.Ordinal) ? 0 : 1)}"));
            return path;
        }
        string list = List("train");
        foreach ((string kind, string place, string[] more, string figure) in new (string, string, string[], string)[]
        {
            ("folder", folders, ["--split", "train", "--test-split", "val", "--net", "cifar10_quick"], "top 1"),
            ("list", list, ["--test-list", List("val"), "--net", "cifar10_quick"], "top 1"),
            ("idx", idx, ["--pad", "2"], "top 5"),
            ("cifar100", TrainingFolders.Cifar100(folder["cifar100"]), [], "top 5"),
        })
        {
            ToolRun run = ToolRun.Of(["train", kind, $"--{kind}", place, "--iterations", "3", "--batch", "4", "--init", "msra", "--init-count", "4", "--runs", folder[$"runs-{kind}"], .. more]);
            Assert.That(run.ExitCode, Is.Zero, run.Error);
            Assert.That(run.Output, Does.Contain(figure).And.Contain("done after 3 iterations"), kind);
            ToolRun resumed = ToolRun.Of("train", kind, "--resume", "last", "--runs", folder[$"runs-{kind}"]);
            Assert.That(resumed.ExitCode, Is.Zero, resumed.Error);
            Assert.That(resumed.Output, Does.Contain(figure));
            ToolRun judged = ToolRun.Of("eval", kind, $"--{kind}", kind == "list" ? folder["val.txt"] : place, "--weights", RunFiles.Newest(folder[$"runs-{kind}"])!.Folder);
            Assert.That(judged.ExitCode, Is.Zero, judged.Error);
            Assert.That(judged.Output, Does.Contain(figure));
        }
    }

    [Test]
    public void Voc_is_judged_by_average_precision_and_the_best_is_what_was_asked_for()
    {
        JpegTests.Require().Dispose();
        string voc = TrainingFolders.Voc(folder["VOCdevkit"]);
        string[] line = ["train", "voc", "--voc", voc, "--net", "cifar10_quick", "--scale", "0.01", "--init", "msra", "--init-count", "4", "--iterations", "4", "--batch", "3", "--eval-every", "2", "--crops", "2", "--runs", folder["runs"]];
        ToolRun run = ToolRun.Of([.. line, "--monitor", "map.area"]);
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        Assert.That(run.Output, Does.Contain("map").And.Contain("by VOC 2007's rule").And.Contain("2 views each").And.Contain("map.area"));
        Assert.That(run.Error, Does.Contain("no picture shows"));
        RunFiles files = RunFiles.Newest(folder["runs"])!;
        MetricsLine[] lines = [.. MetricsFile.Read(files.Metrics).Where(l => l.Kind == "test")];
        Assert.That(lines.Select(l => (l.Iteration, l["views"])), Is.EqualTo(new[] { (2, (double?)null), (4, null), (4, 2) }));
        JsonElement judged = ToolRun.Of("eval", "voc", "--voc", voc, "--weights", files.Folder, "--crops", "2", "--json").Json;
        Assert.That(judged.GetProperty("values").GetProperty("map").GetDouble(), Is.EqualTo(lines[^1]["map"]).Within(1e-12), "the same random views");
        ToolRun.Of([.. line, "--pad", "4"]).MustFail(ExitCode.Usage, "--pad 4: cuts of these pictures are taken at every scale");
        ToolRun.Of([.. line, "--monitor", "top1"]).MustFail(ExitCode.Usage, "--monitor top1: what is measured on", "is map, map.area, map.step, loss");
        Assert.That(Directory.GetDirectories(folder["runs"]), Has.Length.EqualTo(1), "no folder for a run that never was");
    }

    private string[] Line(string runs) => ["train", "cifar10", "--cifar10", cifar, "--batch", "5", "--init", "msra", "--init-count", "5", "--rate", "0.01", "--scale", "0.01", "--runs", folder[runs]];

    // Later options win.
    private ToolRun Run(params string[] options) => ToolRun.Of([.. Without(Line("runs"), options), .. options]);

    private string Train(string runs, params string[] options)
    {
        ToolRun run = ToolRun.Of([.. Without(Line(runs), options), .. options]);
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        return RunFiles.Newest(folder[runs])!.Folder;
    }

    private static ToolRun Resume(string run, params string[] options) => ToolRun.Of(["train", "cifar10", "--resume", run, .. options]);

    private static IEnumerable<string> Without(string[] line, string[] options)
    {
        for (int i = 0; i < line.Length; i++)
        {
            if (line[i].StartsWith("--", StringComparison.Ordinal) && options.Contains(line[i])) i++;
            else yield return line[i];
        }
    }

    private static string Checkpoint(string run, string name = "last") => new CheckpointFolder(new RunFiles(run).Checkpoints)[name];

    private static double[] Losses(string run) => [.. MetricsFile.Read(new RunFiles(run).Metrics).Where(l => l.Kind == "train").Select(l => l["loss"]!.Value)];

    // But for what belongs to a lock.
    private static Dictionary<string, byte[]> Files(string run) => Directory.GetFiles(run, "*", SearchOption.AllDirectories).Where(f => Path.GetFileName(f)[0] != '.').ToDictionary(f => f, File.ReadAllBytes);
}

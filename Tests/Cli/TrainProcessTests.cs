using System.Diagnostics;
using System.Text.Json;
using EvenNet.Cli;
using EvenNet.Framework;

namespace EvenNet.Tests.Cli;

/// <summary>A training as a process of its own: signals, kills, and two of them at once.</summary>
public sealed class TrainProcessTests
{
    private const int Limit = 60_000;

    private readonly List<Process> started = [];
    private TemporaryFolder folder = null!;

    [SetUp]
    public void MakeFolder() => folder = new TemporaryFolder();

    [TearDown]
    public void RemoveFolder()
    {
        // Of a test that failed.
        foreach (Process process in started)
        {
            if (!process.HasExited) process.Kill();
            process.WaitForExit();
            process.Dispose();
        }
        started.Clear();
        folder.Dispose();
    }

    [TestCase("INT")]
    [TestCase("TERM")]
    public void A_signal_ends_it_after_the_step_with_130_and_it_goes_on_to_the_same_bits(string signal)
    {
        string cifar = TrainingFolders.Cifar(folder["cifar"]);
        string[] line = [.. Line(cifar), "--policy", "fixed", "--test-split", "none", "--save-every", "0"];
        Process tool = Start([.. line, "--iterations", "1000000", "--runs", folder["cut"]]);
        Wait(tool, () => Metrics("cut").Count() >= 5);
        ChildProcess.Signal(tool, signal);
        string error = End(tool);
        Assert.That(tool.ExitCode, Is.EqualTo(ExitCode.Interrupted), error);
        Assert.That(error, Does.Contain("stopping").And.Contain("--resume"));
        string run = RunFiles.Newest(folder["cut"])!.Folder;
        RunRecord record = RunRecord.Read(run);
        int stopped = record.Sessions[0].LastIteration!.Value;
        Assert.That((record.Outcome, CheckpointFolder.IterationOf(CheckpointFolder.Resolve(run)), Metrics("cut").Count()), Is.EqualTo((RunOutcome.Interrupted, stopped, stopped)));

        string iterations = $"{stopped + 5}";
        Assert.That(ToolRun.Of("train", "cifar10", "--resume", run, "--iterations", iterations).ExitCode, Is.Zero);
        Assert.That(ToolRun.Of([.. line, "--iterations", iterations, "--runs", folder["whole"]]).ExitCode, Is.Zero);
        Assert.That(File.ReadAllBytes(CheckpointFolder.Resolve(run)), Is.EqualTo(File.ReadAllBytes(CheckpointFolder.Resolve(RunFiles.Newest(folder["whole"])!.Folder))));
    }

    [Test]
    public void A_signal_in_the_last_judgement_keeps_what_was_learned()
    {
        // 20,000 views are seconds of work.
        string cifar = TrainingFolders.Cifar(folder["cifar"], test: 2000);
        Process tool = Start([.. Line(cifar), "--iterations", "2", "--eval-every", "0", "--eval-crops", "10", "--crops", "10", "--runs", folder["runs"]]);
        Wait(tool, () => RunFiles.Newest(folder["runs"]) is { } begun && File.Exists(new CheckpointFolder(begun.Checkpoints)["last"]));
        ChildProcess.Signal(tool, "INT");
        string error = End(tool);
        Assert.That(tool.ExitCode, Is.EqualTo(ExitCode.Interrupted), error);
        string run = RunFiles.Newest(folder["runs"])!.Folder;
        Assert.That((RunRecord.Read(run).Outcome, CheckpointFolder.IterationOf(CheckpointFolder.Resolve(run))), Is.EqualTo((RunOutcome.Interrupted, 2)));
        Assert.That(MetricsFile.Read(new RunFiles(run).Metrics).Any(l => l.Kind == "test"), Is.False);
        ToolRun resumed = ToolRun.Of("train", "cifar10", "--resume", run, "--eval-count", "10", "--json");
        JsonElement result = resumed.Json;
        Assert.That(result.GetProperty("outcome").GetString(), Is.EqualTo("Finished"));
        Assert.That(result.GetProperty("results").GetProperty("test.top1").GetDouble(), Is.InRange(0, 1));
    }

    [Test]
    public void Two_processes_do_not_work_on_one_run_and_a_killed_one_is_in_nobody_s_way()
    {
        string cifar = TrainingFolders.Cifar(folder["cifar"]);
        Process tool = Start([.. Line(cifar), "--policy", "fixed", "--test-split", "none", "--save-every", "1", "--iterations", "1000000", "--runs", folder["runs"]]);
        Wait(tool, () => Metrics("runs").Count() >= 3);
        string run = RunFiles.Newest(folder["runs"])!.Folder;
        ToolRun.Of("train", "cifar10", "--resume", run).MustFail(ExitCode.Data, run, $"process {tool.Id} on {Environment.MachineName} works on this run");
        ToolRun.Of("train", "cifar10", "--resume", "last", "--dry-run", "--runs", folder["runs"]).MustFail(ExitCode.Data, $"process {tool.Id}");
        Assert.That(ToolRun.Of("eval", "cifar10", "--cifar10", cifar, "--weights", run).ExitCode, Is.Zero, "reading is free");
        Assert.That(tool.HasExited, Is.False);
        tool.Kill();
        tool.WaitForExit();
        int last = CheckpointFolder.IterationOf(CheckpointFolder.Resolve(run));
        ToolRun resumed = ToolRun.Of("train", "cifar10", "--resume", "last", "--iterations", $"{last + 2}", "--runs", folder["runs"]);
        Assert.That(resumed.ExitCode, Is.Zero, resumed.Error);
        Assert.That(RunRecord.Read(run).Sessions.Select(s => s.Outcome), Is.EqualTo(new[] { RunOutcome.Lost, RunOutcome.Finished }));
    }

    // The library's own test kills fifty times; this is the tool with all that it does around.
    [Test]
    public void Killed_a_few_times_the_tool_goes_on_to_the_same_bits()
    {
        string cifar = TrainingFolders.Cifar(folder["cifar"]);
        string[] line = [.. Line(cifar), "--policy", "fixed", "--eval-every", "4", "--save-every", "1"];
        var random = new Random(6);
        string[] begin = [.. line, "--iterations", "1000000", "--runs", folder["cut"]];
        for (int kill = 0; kill < 5; kill++)
        {
            int before = kill == 0 ? 0 : CheckpointFolder.IterationOf(CheckpointFolder.Resolve(RunFiles.Newest(folder["cut"])!.Folder));
            Process tool = Start(kill == 0 ? begin : ["train", "cifar10", "--resume", "last", "--runs", folder["cut"]]);
            Wait(tool, () => Metrics("cut").LastOrDefault()?.Iteration > before + 1);
            var clock = Stopwatch.StartNew();
            for (double wait = random.NextDouble() * 50; clock.Elapsed.TotalMilliseconds < wait;) Thread.SpinWait(20);
            tool.Kill();
            tool.WaitForExit();
        }
        string run = RunFiles.Newest(folder["cut"])!.Folder;
        int last = CheckpointFolder.IterationOf(CheckpointFolder.Resolve(run));
        Assert.That(last, Is.AtLeast(5));
        string iterations = $"{last + 3}";
        Assert.That(ToolRun.Of("train", "cifar10", "--resume", run, "--iterations", iterations).ExitCode, Is.Zero);
        Assert.That(ToolRun.Of([.. line, "--iterations", iterations, "--runs", folder["whole"]]).ExitCode, Is.Zero);
        string whole = RunFiles.Newest(folder["whole"])!.Folder;
        foreach (string name in new[] { "last", "best" })
            Assert.That(File.ReadAllBytes(CheckpointFolder.Resolve($"{run}/{name}")), Is.EqualTo(File.ReadAllBytes(CheckpointFolder.Resolve($"{whole}/{name}"))), name);
        Assert.That(RunRecord.Read(run).Sessions, Has.Count.EqualTo(6));
    }

    [Test]
    public void A_dry_run_leaves_nothing_in_the_folder_of_temporary_files_either()
    {
        string cifar = TrainingFolders.Cifar(folder["cifar"]), temporary = folder["tmp"];
        Directory.CreateDirectory(temporary);
        Process tool = Start([.. Line(cifar), "--dry-run", "--runs", folder["runs"]], ("TMPDIR", temporary), ("TMP", temporary), ("DOTNET_EnableDiagnostics", "0"));
        string error = End(tool);
        Assert.That(tool.ExitCode, Is.Zero, error);
        Assert.That(Directory.GetFileSystemEntries(temporary), Is.Empty);
        Assert.That(folder.Names, Is.EqualTo(new[] { "cifar", "tmp" }));
    }

    private static string[] Line(string cifar) => ["train", "cifar10", "--cifar10", cifar, "--batch", "5", "--init", "msra", "--init-count", "5", "--rate", "0.001", "--scale", "0.01"];

    private IEnumerable<MetricsLine> Metrics(string runs) => RunFiles.Newest(folder[runs]) is { } run && File.Exists(run.Metrics) ? MetricsFile.Read(run.Metrics).Where(l => l.Kind == "train") : [];

    private Process Start(string[] line, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo("dotnet", [typeof(EvenNetTool).Assembly.Location, .. line]) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach ((string name, string value) in environment) start.Environment[name] = value;
        started.Add(Process.Start(start)!);
        return started[^1];
    }

    // Until it is so far; a process that ended before says why.
    private static void Wait(Process process, Func<bool> isSoFar)
    {
        var clock = Stopwatch.StartNew();
        while (!isSoFar())
        {
            if (process.HasExited) Assert.Fail($"it ended with {process.ExitCode}: {process.StandardError.ReadToEnd()}");
            if (clock.ElapsedMilliseconds > Limit)
            {
                process.Kill();
                Assert.Fail("it did not come so far");
            }
            Thread.Sleep(1);
        }
    }

    private static string End(Process process)
    {
        Task<string> output = process.StandardOutput.ReadToEndAsync(), error = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(Limit))
        {
            process.Kill();
            Assert.Fail("it did not end");
        }
        return output.Result + error.Result;
    }
}

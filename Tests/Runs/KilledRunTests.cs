using System.Diagnostics;
using System.Globalization;
using EvenNet.Framework;
using EvenNet.Kernels;

namespace EvenNet.Tests;

/// <summary>The files of a run that is killed without warning, again and again; <see cref="KilledTrainingTests"/> does it to whole trainings.</summary>
public sealed class KilledRunTests
{
    public const string Writer = "checkpoints";

    private const int Kills = 12, Every = 4, Keep = 3;

    // Each process goes on where the last checkpoint is, and is killed at a random moment while it saves one after the other. Whatever the moment: the last
    // and the best checkpoint are whole and of the right iteration, those with names of their own too, the metrics have no gap, nothing finished is lost.
    [Test]
    public void Killed_at_random_moments_it_always_leaves_what_it_can_go_on_from()
    {
        using var folder = new TemporaryFolder();
        var run = new RunFiles(folder.Path);
        var checkpoints = new CheckpointFolder(run.Checkpoints, Every, Keep);
        var random = new Random(3);
        int halfWritten = 0, copiesMissing = 0, finished = 0;
        for (int kill = 0; kill < Kills; kill++)
        {
            using Process process = ChildProcess.Start(Writer, folder.Path);
            // Once through, so that the moment falls into work and not into the compilation of it.
            Assert.That(process.StandardOutput.ReadLine(), Is.EqualTo($"{finished + 1}"));
            Wait(random.Next(0, 60_000));
            process.Kill();
            string said = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            // A last line without its end was cut.
            string[] lines = said.Split('\n')[..^1];
            int saved = lines.Length == 0 ? finished + 1 : int.Parse(lines[^1], CultureInfo.InvariantCulture);

            if (Directory.Exists(run.Checkpoints) && Directory.EnumerateFiles(run.Checkpoints, ".*", new EnumerationOptions { AttributesToSkip = 0 }).Any()) halfWritten++;
            int? last = File.Exists(checkpoints["last"]) ? CheckpointFolder.IterationOf(checkpoints["last"]) : null;
            if (last is not null)
            {
                Load(checkpoints["last"], last.Value);
                if (BestUpTo(last.Value) == last && (!File.Exists(checkpoints["best"]) || CheckpointFolder.IterationOf(checkpoints["best"]) != last)) copiesMissing++;
                if (File.Exists(checkpoints["best"])) Load(checkpoints["best"], CheckpointFolder.IterationOf(checkpoints["best"]));
            }
            Assert.That(last ?? 0, Is.InRange(saved, saved + 1), "what was finished is there");

            var monitored = new MonitoredValue("value", largerIsBetter: true);
            Assert.That(checkpoints.Recover(monitored), Is.EqualTo(last));
            if (last is not { } iteration) continue;
            finished = iteration;
            Assert.That(monitored.BestIteration, Is.EqualTo(BestUpTo(iteration)));
            Load(checkpoints["best"], BestUpTo(iteration));
            int[] due = [.. Enumerable.Range(1, iteration).Where(i => i % Every == 0).TakeLast(Keep)];
            Assert.That(checkpoints.Kept, Is.EqualTo(due));
            foreach (int kept in due) Load(checkpoints[$"iter-{kept}"], kept);
            // The line of an iteration is written before its checkpoint.
            int[] measured = [.. MetricsFile.Read(run.Metrics).Select(l => l.Iteration)];
            Assert.That(measured, Is.EqualTo(Enumerable.Range(1, measured.Length)));
            Assert.That(measured.Length, Is.InRange(iteration, iteration + 1));
        }
        TestContext.Out.WriteLine($"{Kills} kills, {finished} checkpoints; {halfWritten} left a file half written, {copiesMissing} a copy missing");
        Assert.That(finished, Is.AtLeast(Kills), "the processes came to work");
    }

    internal static int WriteForEver(string folder)
    {
        var run = new RunFiles(folder);
        var checkpoints = new CheckpointFolder(run.Checkpoints, Every, Keep);
        var monitored = new MonitoredValue("value", largerIsBetter: true);
        using Backend backend = Backends.Open("reference");
        using var parameters = new ParameterSet(Net(), backend);
        int iteration = checkpoints.Recover(monitored) ?? 0;
        if (iteration > 0) Checkpoint.Load(parameters, CheckpointFolder.Resolve(folder));
        using MetricsFile metrics = MetricsFile.Resume(run.Metrics, iteration);
        while (true)
        {
            iteration++;
            foreach (Parameter parameter in parameters.All.Where(p => p.Spec.Name != "scale")) parameter.Fill(iteration);
            monitored.Update(iteration, Value(iteration));
            metrics.Write(iteration, "train", new KeyValuePair<string, double>("value", Value(iteration)));
            checkpoints.Save(iteration, monitored, (path, metadata) => Checkpoint.Save(parameters, path, metadata));
            Console.Out.Write($"{iteration}\n");
        }
    }

    private static Graph Net() => Graph.Of(Node.Input("data", 64).InnerProduct("f", 1000).Relu().InnerProduct("top", 3));

    // Rises, with falls in between: about every third is a new best.
    private static double Value(int iteration) => iteration * 0.5 + iteration * 7919 % 11;

    private static int BestUpTo(int iteration) => Enumerable.Range(1, iteration).MaxBy(Value);

    private static void Load(string path, int iteration)
    {
        using Backend backend = Backends.Open("reference");
        using var parameters = new ParameterSet(Net(), backend);
        CheckpointReport report = Checkpoint.Load(parameters, path);
        Assert.That(report.Metadata[CheckpointFolder.IterationKey], Is.EqualTo($"{iteration}"));
        foreach (Parameter parameter in parameters.All.Where(p => p.Spec.Name != "scale"))
            Assert.That(parameter.Read().All(v => v == iteration), Is.True, $"{path}: {parameter.Name} is of another iteration");
    }

    private static void Wait(int microseconds)
    {
        var clock = Stopwatch.StartNew();
        while (clock.Elapsed.TotalMicroseconds < microseconds) Thread.SpinWait(20);
    }
}

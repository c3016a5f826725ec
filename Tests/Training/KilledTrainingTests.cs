using System.Diagnostics;
using System.Globalization;
using EvenNet.Framework;

namespace EvenNet.Tests;

/// <summary>A training that is killed without warning, again and again, and goes on each time to the bits of one that never was.</summary>
public sealed class KilledTrainingTests
{
    public const string Worker = "training";

    private const int Series = 2, Kills = 25, Never = 1_000_000;

    // Two series side by side, so that a process that starts does not keep the other waiting.
    [Test]
    public void Killed_at_fifty_random_moments_it_goes_on_to_the_same_bits()
    {
        using var folder = new TemporaryFolder();
        var reached = new int[Series];
        Parallel.For(0, Series, new ParallelOptions { MaxDegreeOfParallelism = Series }, i => reached[i] = KillAgainAndAgain(Directory.CreateDirectory(folder[$"{i}"]).FullName, new Random(4 + i)));
        for (int i = 0; i < Series; i++) MustBeAsIfNothingHadBeen(folder[$"{i}"], reached[i] + 3);
        TestContext.Out.WriteLine($"{Series * Kills} kills, {string.Join(" and ", reached)} iterations");
    }

    private static int KillAgainAndAgain(string folder, Random random)
    {
        var files = new RunFiles(folder);
        var checkpoints = new CheckpointFolder(files.Checkpoints);
        int reached = 0;
        for (int kill = 0; kill < Kills; kill++)
        {
            using Process process = ChildProcess.Start(Worker, folder);
            // Every fifth while the process begins, the others while it trains: the second step follows the first checkpoint.
            bool isEarly = kill % 5 == 4;
            if (!isEarly) Assert.That((process.StandardOutput.ReadLine(), process.StandardOutput.ReadLine()), Is.EqualTo(($"{reached + 1}", $"{reached + 2}")));
            var clock = Stopwatch.StartNew();
            for (double wait = random.NextDouble() * (isEarly ? 300 : 40); clock.Elapsed.TotalMilliseconds < wait;) Thread.SpinWait(20);
            process.Kill();
            process.WaitForExit();
            int last = File.Exists(checkpoints["last"]) ? CheckpointFolder.IterationOf(checkpoints["last"]) : 0;
            Assert.That(last, Is.AtLeast(reached + (isEarly ? 0 : 1)), "nothing is lost");
            reached = last;
            if (last == 0) continue;
            using var loaded = new TinyTraining(schedule: Rate);
            TrainingState.Load(checkpoints["last"], loaded.Trainer);
            Assert.That(loaded.Solver.Iteration, Is.EqualTo(last));
            Assert.That(MetricsFile.Read(files.Metrics).Where(l => l.Kind == "train").Select(l => l.Iteration).Take(last), Is.EqualTo(Enumerable.Range(1, last)));
        }
        return reached;
    }

    private static void MustBeAsIfNothingHadBeen(string folder, int iterations)
    {
        using TinyTraining cut = new(schedule: Rate), whole = new(schedule: Rate);
        Go(folder, cut, iterations);
        double[] losses = whole.Train(iterations);
        Assert.That(cut.State(), Is.EqualTo(whole.State()));
        var files = new RunFiles(folder);
        MetricsLine[] lines = [.. MetricsFile.Read(files.Metrics)], judged = [.. lines.Where(l => l.Kind == "test")];
        Assert.That(lines.Where(l => l.Kind == "train").Select(l => l["loss"]!.Value), Is.EqualTo(losses));
        Assert.That(judged.Select(l => l.Iteration), Is.EqualTo(Enumerable.Range(1, iterations).Where(i => i % 3 == 0 || i == iterations)));
        Assert.That(CheckpointFolder.IterationOf(new CheckpointFolder(files.Checkpoints)["best"]), Is.EqualTo(judged.MaxBy(l => l["top1"])!.Iteration));
        Assert.That(Directory.GetFiles(files.Checkpoints, "*.tmp", new EnumerationOptions { AttributesToSkip = 0 }), Is.Empty);
    }

    /// <summary>The second process: goes on until it is killed, and says each step.</summary>
    internal static int TrainOn(string folder)
    {
        using var training = new TinyTraining(schedule: Rate);
        Go(folder, training, Never, new Steps());
        return 0;
    }

    private static Schedule Rate => Schedule.Fixed(0.02f);

    private static void Go(string folder, TinyTraining training, int iterations, IProgress<TrainingProgress>? progress = null)
    {
        var files = new RunFiles(folder);
        var checkpoints = new CheckpointFolder(files.Checkpoints);
        var monitored = new MonitoredValue("top1", largerIsBetter: true);
        using RunLock held = RunLock.Take(folder);
        if (checkpoints.Recover(monitored) is not null) TrainingState.Load(checkpoints["last"], training.Trainer);
        using Evaluator judge = training.Judge(new PatternDataset(9));
        using var run = new TrainingRun(training.Trainer, files, checkpoints, new TrainingOptions(iterations) { EvaluateEvery = 3, SaveEvery = 1 }) { Evaluator = judge, Monitored = monitored };
        run.Run(progress);
    }

    private sealed class Steps : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value)
        {
            if (value.Stage == "training") Console.Out.WriteLine(value.Iteration.ToString(CultureInfo.InvariantCulture));
        }
    }
}

using EvenNet.Framework;

namespace EvenNet.Tests;

/// <summary>A run: its files, its ends, and that it goes on as if nothing had happened.</summary>
public sealed class TrainingRunTests
{
    private TemporaryFolder folder = null!;

    [SetUp]
    public void MakeFolder() => folder = new TemporaryFolder();

    [TearDown]
    public void RemoveFolder() => folder.Dispose();

    [Test]
    public void A_run_leaves_its_curve_and_its_last_and_best_and_kept_checkpoints()
    {
        using var run = new Session(folder.Path, keepEvery: 4, keep: 2);
        Assert.That(run.Go(Plan(14)), Is.EqualTo(RunOutcome.Finished));
        using var alone = new TinyTraining();
        double[] losses = alone.Train(14);
        Assert.That(Lines("train").Select(l => (l.Iteration, l["loss"])), Is.EqualTo(losses.Select((loss, i) => (i + 1, (double?)loss))));
        Assert.That(Lines("train").All(l => l["rate"] >= 0 && l["images/s"] > 0 && l["wait"] is >= 0 and <= 1 && l["seconds"] > 0), Is.True);
        Assert.That(Lines("test").Select(l => l.Iteration), Is.EqualTo(new[] { 3, 6, 9, 12, 14 }));
        MetricsLine best = Lines("test").MaxBy(l => l["top1"])!;
        Assert.That((run.Monitored.Best, run.Monitored.BestIteration), Is.EqualTo((best["top1"], (int?)best.Iteration)));
        Assert.That(new[] { "last", "best" }.Select(n => CheckpointFolder.IterationOf(run.Checkpoints[n])), Is.EqualTo(new[] { 14, best.Iteration }));
        // Kept are multiples of 4 that were saved: every 2.
        Assert.That(run.Checkpoints.Kept, Is.EqualTo(new[] { 8, 12 }));
        using var loaded = new TinyTraining();
        TrainingState.Load(run.Checkpoints["last"], loaded.Trainer);
        Assert.That(loaded.State(), Is.EqualTo(alone.State()));
        Assert.That(run.LastEvaluation!.Main, Is.EqualTo(Lines("test")[^1]["top1"]));
    }

    [TestCase(1)]
    [TestCase(5)]
    [TestCase(6)]
    [TestCase(13)]
    public void Stopped_at_a_step_it_goes_on_to_the_same_files(int at)
    {
        using var whole = new Session(folder["whole"]);
        whole.Go(Plan(14));
        using (var first = new Session(folder["cut"]))
        {
            Assert.That(first.Go(Plan(14), stopAt: at), Is.EqualTo(RunOutcome.Interrupted));
            Assert.That(CheckpointFolder.IterationOf(first.Checkpoints["last"]), Is.EqualTo(at));
        }
        using var second = new Session(folder["cut"], threads: 2, workers: 3);
        Assert.That(second.Go(Plan(14)), Is.EqualTo(RunOutcome.Finished));
        MustBeEqual("cut", "whole");
    }

    // The evaluation is made again by the session that goes on; that after step 6 and the two at the end.
    [TestCase(2, 6)]
    [TestCase(5, 14)]
    [TestCase(6, 14)]
    public void Stopped_in_an_evaluation_it_goes_on_to_the_same_files(int evaluation, int iteration)
    {
        using var whole = new Session(folder["whole"], final: true);
        whole.Go(Plan(14));
        using (var first = new Session(folder["cut"], final: true))
        {
            Assert.That(first.Go(Plan(14), stopInEvaluation: evaluation), Is.EqualTo(RunOutcome.Interrupted));
            Assert.That(CheckpointFolder.IterationOf(first.Checkpoints["last"]), Is.EqualTo(iteration));
        }
        using var second = new Session(folder["cut"], final: true);
        Assert.That(second.Go(Plan(14)), Is.EqualTo(RunOutcome.Finished));
        MustBeEqual("cut", "whole");
        Assert.That(Lines("test", "cut").Select(l => (l.Iteration, l["views"])).TakeLast(2), Is.EqualTo(new[] { (14, (double?)null), (14, 10) }));
    }

    [Test]
    public void A_finished_run_that_is_resumed_does_nothing_twice_and_can_be_made_longer()
    {
        using (var first = new Session(folder["long"])) first.Go(Plan(9));
        byte[] metrics = File.ReadAllBytes(Path.Combine(folder["long"], "metrics.jsonl")), last = File.ReadAllBytes(new Session.Files(folder["long"]).Last);
        using (var second = new Session(folder["long"]))
        {
            Assert.That(second.Go(Plan(9)), Is.EqualTo(RunOutcome.Finished));
            Assert.That(second.LastEvaluation, Is.Not.Null, "it can be shown");
            Assert.That(second.Loss, Is.EqualTo(Lines("train", "long").Average(l => l["loss"])).Within(1e-12));
        }
        Assert.That(File.ReadAllBytes(Path.Combine(folder["long"], "metrics.jsonl")), Is.EqualTo(metrics));
        Assert.That(File.ReadAllBytes(new Session.Files(folder["long"]).Last), Is.EqualTo(last));
        using (var third = new Session(folder["long"])) Assert.That(third.Go(Plan(14)), Is.EqualTo(RunOutcome.Finished));
        using var whole = new Session(folder["whole"]);
        whole.Go(Plan(14));
        MustBeEqual("long", "whole");
    }

    // No gain is ever enough: the first evaluation counts, then three are waited for.
    [Test]
    public void Patience_ends_a_run_early_and_a_resumed_one_at_once_unless_there_is_more_of_it()
    {
        MonitoredValue Impatient(int patience) => new("top1", largerIsBetter: true, leastGain: 2, patience);
        using (var run = new Session(folder.Path, monitored: Impatient(3)))
        {
            Assert.That(run.Go(Plan(40)), Is.EqualTo(RunOutcome.StoppedEarly));
            Assert.That((run.Training.Solver.Iteration, run.Monitored.Waited), Is.EqualTo((12, 3)));
            Assert.That(Lines("test").Select(l => l.Iteration), Is.EqualTo(new[] { 3, 6, 9, 12 }));
            Assert.That(CheckpointFolder.IterationOf(run.Checkpoints["last"]), Is.EqualTo(12));
        }
        using (var again = new Session(folder.Path, monitored: Impatient(3)))
        {
            Assert.That(again.Go(Plan(40)), Is.EqualTo(RunOutcome.StoppedEarly));
            Assert.That(again.Training.Solver.Iteration, Is.EqualTo(12));
        }
        using var patient = new Session(folder.Path, monitored: Impatient(5));
        Assert.That(patient.Go(Plan(40)), Is.EqualTo(RunOutcome.StoppedEarly));
        Assert.That(Lines("test").Select(l => l.Iteration), Is.EqualTo(new[] { 3, 6, 9, 12, 15, 18 }));
    }

    [Test]
    public void A_picture_that_cannot_be_read_ends_the_run_with_the_state_of_the_last_step()
    {
        bool isBroken = false;
        PatternDataset data = new(40) { OnRead = i => { if (Volatile.Read(ref isBroken)) throw new ImageFormatException($"pattern {i}", "it was meant to be broken"); } };
        using var run = new Session(folder.Path, data: data, judge: false);
        run.OnProgress = p => Volatile.Write(ref isBroken, p.Iteration >= 5);
        Assert.That(() => run.Go(Plan(40) with { SaveEvery = 0, EvaluateEvery = 0 }), Throws.TypeOf<ImageFormatException>().With.Message.Contains("it was meant to be broken"));
        int last = CheckpointFolder.IterationOf(run.Checkpoints["last"]);
        // Batches that were made ahead are whole.
        Assert.That(last, Is.InRange(5, 8).And.EqualTo(Lines("train")[^1].Iteration));
        using var second = new Session(folder.Path, judge: false);
        Assert.That(second.Go(Plan(12)), Is.EqualTo(RunOutcome.Finished));
        using var alone = new TinyTraining();
        alone.Train(12);
        Assert.That(second.Training.State(), Is.EqualTo(alone.State()));
    }

    [Test]
    public void A_run_that_diverges_keeps_the_checkpoint_from_before()
    {
        // Learns for six steps, then leaves all measure.
        Schedule rate = Schedule.Steps(0.01f, 1e25f, 6);
        using var run = new Session(folder.Path, schedule: rate);
        Assert.That(() => run.Go(Plan(40) with { SaveEvery = 1 }), Throws.TypeOf<DivergenceException>());
        int last = CheckpointFolder.IterationOf(run.Checkpoints["last"]);
        Assert.That(last, Is.InRange(6, 8));
        using var loaded = new TinyTraining(schedule: rate);
        TrainingState.Load(run.Checkpoints["last"], loaded.Trainer);
        Assert.That(loaded.Parameters.All.SelectMany(p => p.Read()).All(float.IsFinite), Is.True);
    }

    [Test]
    public void Measurements_come_around_the_first_step_and_each_multiple()
    {
        using var run = new Session(folder.Path);
        var measured = new Counted(run.Training.Solver);
        run.Go(Plan(14), measurements: [measured]);
        Assert.That(measured.Steps, Is.EqualTo(new[] { (0, 1), (4, 5), (9, 10) }));
        Assert.That(Lines("counted").Select(l => (l.Iteration, l["value"])), Is.EqualTo(new[] { (1, (double?)1), (5, 5), (10, 10) }));
        Assert.That(() => new Counted(run.Training.Solver, 0).Every, Throws.TypeOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public void Lines_of_several_steps_hold_their_mean()
    {
        using (var run = new Session(folder.Path)) run.Go(Plan(11) with { LogEvery = 4 });
        using var alone = new TinyTraining();
        double[] losses = alone.Train(11);
        Assert.That(Lines("train").Select(l => l.Iteration), Is.EqualTo(new[] { 4, 8, 11 }));
        foreach ((MetricsLine line, double[] steps) in Lines("train").Zip([losses[..4], losses[4..8], losses[8..]])) Assert.That(line["loss"], Is.EqualTo(steps.Average()).Within(1e-12));
    }

    private static TrainingOptions Plan(int iterations) => new(iterations) { EvaluateEvery = 3, SaveEvery = 2, Metadata = new Dictionary<string, string> { ["made"] = "here" } };

    private List<MetricsLine> Lines(string kind, string run = "") => [.. MetricsFile.Read(Path.Combine(folder.Path, run, "metrics.jsonl")).Where(l => l.Kind == kind)];

    // Checkpoints byte for byte, metrics but for what a clock says.
    private void MustBeEqual(string run, string whole)
    {
        foreach (string name in new[] { "last", "best" })
            Assert.That(File.ReadAllBytes(new CheckpointFolder(new RunFiles(folder[run]).Checkpoints)[name]), Is.EqualTo(File.ReadAllBytes(new CheckpointFolder(new RunFiles(folder[whole]).Checkpoints)[name])), name);
        string[] Told(string of) => [.. MetricsFile.Read(Path.Combine(folder[of], "metrics.jsonl")).Select(l => $"{l.Iteration} {l.Kind} {string.Join(' ', l.Values.Where(v => v.Key is not ("seconds" or "images/s" or "wait")))}")];
        Assert.That(Told(run), Is.EqualTo(Told(whole)));
    }

    // One process's part, in a folder where another may have been before.
    private sealed class Session : IDisposable
    {
        private readonly string folder;
        private readonly PatternDataset judged;
        private Action? onJudged;

        public Session(string folder, int keepEvery = 0, int keep = 0, int threads = 1, int workers = 1, MonitoredValue? monitored = null, Dataset? data = null, bool judge = true, bool final = false, Schedule? schedule = null)
        {
            this.folder = folder;
            Directory.CreateDirectory(folder);
            Training = new TinyTraining(threads: threads, workers: workers, data: data, schedule: schedule);
            judged = new PatternDataset(21) { OnRead = _ => onJudged?.Invoke() };
            if (judge) Evaluator = Training.Judge(judged);
            if (final) Final = Training.Judge(judged, views: 10);
            Monitored = monitored ?? new MonitoredValue("top1", largerIsBetter: true);
            Checkpoints = new CheckpointFolder(new RunFiles(folder).Checkpoints, keepEvery, keep);
            if (Checkpoints.Recover(Monitored) is not null) TrainingState.Load(Checkpoints["last"], Training.Trainer);
        }

        public TinyTraining Training { get; }

        public MonitoredValue Monitored { get; }

        public CheckpointFolder Checkpoints { get; }

        public Action<TrainingProgress> OnProgress { get; set; } = _ => { };

        public Evaluation? LastEvaluation { get; private set; }

        public double Loss { get; private set; }

        private Evaluator? Evaluator { get; }

        private Evaluator? Final { get; }

        public RunOutcome Go(TrainingOptions options, int stopAt = 0, int stopInEvaluation = 0, IReadOnlyList<Measurement>? measurements = null)
        {
            using var cancellation = new CancellationTokenSource();
            using var run = new TrainingRun(Training.Trainer, new RunFiles(folder), Checkpoints, options)
            {
                Evaluator = Evaluator,
                FinalEvaluator = Final,
                Monitored = Evaluator is null ? null : Monitored,
                Measurements = measurements ?? [],
            };
            int reads = 0;
            onJudged = () => { if (stopInEvaluation > 0 && Interlocked.Increment(ref reads) == (stopInEvaluation - 1) * judged.Count + 8) cancellation.Cancel(); };
            RunOutcome outcome = run.Run(new Report(p =>
            {
                OnProgress(p);
                if (p.Stage == "training" && p.Iteration == stopAt) cancellation.Cancel();
            }), cancellation.Token);
            (LastEvaluation, Loss) = ((Evaluation?)run.LastEvaluation, run.Loss);
            return outcome;
        }

        public void Dispose()
        {
            Evaluator?.Dispose();
            Final?.Dispose();
            Training.Dispose();
        }

        public sealed record Files(string Folder)
        {
            public string Last => new CheckpointFolder(new RunFiles(Folder).Checkpoints)["last"];
        }

        private sealed class Report(Action<TrainingProgress> report) : IProgress<TrainingProgress>
        {
            void IProgress<TrainingProgress>.Report(TrainingProgress value) => report(value);
        }
    }

    private sealed class Counted(Solver solver, int every = 5) : Measurement("counted", every)
    {
        private int before;

        public List<(int Before, int After)> Steps { get; } = [];

        public override void Before() => before = solver.Iteration;

        public override IEnumerable<KeyValuePair<string, double>> After()
        {
            Steps.Add((before, solver.Iteration));
            yield return new("value", solver.Iteration);
        }
    }
}

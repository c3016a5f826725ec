namespace EvenNet.Framework;

/// <summary>
/// A training with everything around it: metrics, event files, evaluations, checkpoints, early stopping, and a state that survives the end of the process at
/// any moment. The steps themselves are the <see cref="Trainer"/>'s, and nothing here changes their bits.
/// </summary>
public sealed class TrainingRun : IDisposable
{
    // Steps whose mean is shown.
    private const int Shown = 20;

    private readonly RunFiles files;
    private readonly TrainingOptions options;
    private readonly CheckpointFolder checkpoints;
    private readonly MetricsFile metrics;
    private readonly EventFile events;
    private readonly RunningMean loss = new(Shown);
    private readonly StepTimes times = new(Shown);
    // Steps whose losses are not in the means yet, and what else is in the line of metrics that one ends.
    private readonly List<(TrainingStep Step, KeyValuePair<string, double>[]? Line)> unread = [];
    private StepTimes sinceLine;
    private RunningMean lossSinceLine = new();
    // Evaluations that are in the metrics: of a step, with so many views.
    private readonly HashSet<(int Iteration, int Views)> judged;
    private double seconds;
    private int saved = -1;

    /// <summary>Begins a run, or goes on with one where the trainer's solver has taken steps already.</summary>
    /// <param name="trainer">At the state to begin with.</param>
    /// <param name="files">Where files go; the folder exists.</param>
    /// <param name="checkpoints">Where checkpoints go.</param>
    /// <param name="options">See there.</param>
    /// <exception cref="IOException">A file could not be begun.</exception>
    public TrainingRun(ITrainer trainer, RunFiles files, CheckpointFolder checkpoints, TrainingOptions options)
    {
        (Trainer, this.files, this.checkpoints, this.options) = (trainer, files, checkpoints, options);
        int iteration = trainer.Solver.Iteration;
        sinceLine = new StepTimes(Math.Max(1, options.LogEvery));
        metrics = MetricsFile.Resume(files.Metrics, iteration);
        IReadOnlyList<MetricsLine> before = MetricsFile.Read(files.Metrics);
        seconds = before.LastOrDefault(l => l.Kind == "train")?["seconds"] ?? 0;
        foreach (MetricsLine line in before.Where(l => l.Kind == "train").TakeLast(Shown))
            if (line["loss"] is { } earlier && double.IsFinite(earlier)) loss.Add(earlier);
        judged = [.. before.Where(l => l.Kind == "test").Select(l => (l.Iteration, (int)(l["views"] ?? 1)))];
        events = EventFile.Create(files.Folder, DateTimeOffset.UtcNow, resumedAt: iteration > 0 ? iteration : null);
    }

    /// <summary>The loop.</summary>
    public ITrainer Trainer { get; }

    /// <summary>Judges the net while it is trained; null evaluates nothing.</summary>
    public IEvaluator? Evaluator { get; init; }

    /// <summary>Judges it once more at the end, more exactly: with more views. Null leaves that out.</summary>
    public IEvaluator? FinalEvaluator { get; init; }

    /// <summary>Which checkpoint is the best, and when to stop; «loss» or a name of <see cref="Evaluation.Values"/>. Null keeps no best.</summary>
    public MonitoredValue? Monitored { get; init; }

    /// <summary>More that a checkpoint has to hold, as metadata of each moment.</summary>
    public Func<IEnumerable<KeyValuePair<string, string>>>? State { get; init; }

    /// <summary>What else is measured.</summary>
    public IReadOnlyList<Measurement> Measurements { get; init; } = [];

    /// <summary>The last evaluation of this session.</summary>
    public IEvaluation? LastEvaluation { get; private set; }

    /// <summary>Mean loss of the last steps, of earlier sessions too; not a number before the first.</summary>
    public double Loss => loss.Value ?? double.NaN;

    /// <summary>Images a second of the whole session, without evaluations and saving.</summary>
    public StepTimes Times { get; } = new(0);

    /// <summary>
    /// Takes the steps. However it ends, the last checkpoint is of the last step, unless numbers stopped being finite, or no file can be written: then it is
    /// one before.
    /// </summary>
    /// <returns>Finished, stopped early, or interrupted.</returns>
    /// <exception cref="DivergenceException">Numbers stopped being finite.</exception>
    /// <exception cref="IOException">A file could not be written, or a picture not be read.</exception>
    public RunOutcome Run(IProgress<TrainingProgress>? progress = null, CancellationToken cancellation = default)
    {
        try
        {
            RunOutcome outcome = Steps(progress, cancellation);
            if (outcome == RunOutcome.Interrupted) Save(progress);
            else Finish(progress, cancellation);
            return outcome;
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // An evaluation was cut short; a resumed run makes it again.
            Save(progress);
            return RunOutcome.Interrupted;
        }
        catch (Exception error) when (error is ImageFormatException or RunFileException)
        {
            TrySave(progress);
            throw;
        }
    }

    /// <summary>Closes the files.</summary>
    public void Dispose()
    {
        metrics.Dispose();
        events.Dispose();
    }

    private RunOutcome Steps(IProgress<TrainingProgress>? progress, CancellationToken cancellation)
    {
        int first = Trainer.Solver.Iteration;
        if (cancellation.IsCancellationRequested) return RunOutcome.Interrupted;
        // The session before was stopped in the middle of this one.
        if (first > 0 && first < options.Iterations && IsDue(options.EvaluateEvery, first) && Evaluator is { } evaluator && !IsJudged(evaluator))
        {
            Evaluate(evaluator, progress, cancellation);
            if (Monitored?.BestIteration == first) Save(progress);
        }
        if (Monitored?.ShouldStop == true) return RunOutcome.StoppedEarly;
        Before(first);
        foreach (TrainingStep step in Trainer.Steps(options.Iterations))
        {
            Record(step);
            Measure(step.Iteration);
            bool isLast = step.Iteration == options.Iterations;
            progress?.Report(Progress("training", (double)step.Iteration / options.Iterations));
            if (isLast) break;
            if (IsDue(options.EvaluateEvery, step.Iteration)) Evaluate(Evaluator, progress, cancellation);
            if (IsDue(options.SaveEvery, step.Iteration) || Monitored?.BestIteration == step.Iteration) Save(progress);
            if (Monitored?.ShouldStop == true) return RunOutcome.StoppedEarly;
            if (cancellation.IsCancellationRequested) return RunOutcome.Interrupted;
            Before(step.Iteration);
        }
        return RunOutcome.Finished;
    }

    private void Finish(IProgress<TrainingProgress>? progress, CancellationToken cancellation)
    {
        // First what is learned, then what is known of it: an evaluation may be cut short.
        Save(progress);
        int? known = Monitored?.Iteration;
        // One that stopped early has it, unless it did so in an earlier session.
        if (LastEvaluation is null || !IsJudged(Evaluator)) Evaluate(Evaluator, progress, cancellation);
        if (Monitored?.Iteration != known) Save(progress, again: true);
        Evaluate(FinalEvaluator, progress, cancellation);
    }

    private void Record(TrainingStep step)
    {
        seconds += step.Seconds;
        times.Add(step);
        sinceLine.Add(step);
        Times.Add(step);
        bool isLast = step.Iteration == options.Iterations, isDue = isLast || IsDue(options.LogEvery, step.Iteration);
        unread.Add((step, isDue ? [new("rate", step.Rate), new("images/s", sinceLine.ImagesPerSecond), new("wait", sinceLine.WaitShare), new("seconds", seconds)] : null));
        if (isDue) sinceLine = new StepTimes(Math.Max(1, options.LogEvery));
        // What a device is still at is waited for now and then, so that its queue never runs empty for a line.
        if (isLast || step.IsLossKnown || unread.Count >= Shown) ReadLosses();
    }

    // Where a device is still at the steps, this waits for it.
    private void ReadLosses()
    {
        (TrainingStep Step, KeyValuePair<string, double>[]? Line)[] steps = [.. unread];
        unread.Clear();
        foreach ((TrainingStep step, KeyValuePair<string, double>[]? line) in steps)
        {
            loss.Add(step.Loss);
            lossSinceLine.Add(step.Loss);
            if (line is null) continue;
            Write(step.Iteration, "train", [new("loss", lossSinceLine.Value!.Value), .. line]);
            lossSinceLine = new RunningMean();
        }
    }

    private bool Measures(Measurement m, int iteration) => iteration == 1 || IsDue(m.Every, iteration);

    // taken: steps that have been taken, so the coming one is taken + 1.
    private void Before(int taken)
    {
        foreach (Measurement m in Measurements)
            if (Measures(m, taken + 1)) m.Before();
    }

    private void Measure(int iteration)
    {
        foreach (Measurement m in Measurements)
        {
            if (!Measures(m, iteration)) continue;
            ReadLosses();
            Write(iteration, m.Kind, m.After());
        }
    }

    private void Evaluate(IEvaluator? evaluator, IProgress<TrainingProgress>? progress, CancellationToken cancellation)
    {
        if (evaluator is null) return;
        ReadLosses();
        NonFinite.RequireParameters(Trainer.Solver, Loss);
        var share = new StageProgress(fraction => progress?.Report(Progress("judging", fraction)));
        IEvaluation found = evaluator.Run(share, cancellation);
        LastEvaluation = found;
        KeyValuePair<string, double>[] values = [.. found.Values()];
        KeyValuePair<string, double>[] views = found.Views > 1 ? [new("views", found.Views)] : [];
        if (judged.Add((Trainer.Solver.Iteration, found.Views))) Write(Trainer.Solver.Iteration, "test", [.. values, .. views, new("seconds", seconds)]);
        // With other views it is another value: the best is chosen among equals.
        if (evaluator == Evaluator && Monitored is { } monitored)
            monitored.Update(Trainer.Solver.Iteration, values.FirstOrDefault(v => v.Key == monitored.Name, new(monitored.Name, double.NaN)).Value);
    }

    private void Save(IProgress<TrainingProgress>? progress, bool again = false)
    {
        int iteration = Trainer.Solver.Iteration;
        if (saved == iteration && !again) return;
        progress?.Report(Progress("saving", 0));
        ReadLosses();
        // What cannot be gone on from must not take the place of what can.
        NonFinite.RequireParameters(Trainer.Solver, Loss);
        checkpoints.Save(iteration, Monitored, (path, metadata) =>
        {
            var all = new Dictionary<string, string>(options.Metadata, StringComparer.Ordinal);
            foreach ((string key, string value) in metadata.Concat(State?.Invoke() ?? [])) all[key] = value;
            TrainingState.Save(path, Trainer, all);
        });
        saved = iteration;
    }

    // What went wrong first is what there is to say.
    private void TrySave(IProgress<TrainingProgress>? progress)
    {
        try
        {
            Save(progress);
        }
        catch (Exception error) when (error is IOException or DivergenceException)
        {
            // The checkpoint before is there.
        }
    }

    private bool IsJudged(IEvaluator? evaluator) => evaluator is not null && judged.Contains((Trainer.Solver.Iteration, evaluator.Views));

    private void Write(int iteration, string kind, IEnumerable<KeyValuePair<string, double>> values)
    {
        KeyValuePair<string, double>[] all = [.. values];
        metrics.Write(iteration, kind, all);
        events.Scalars(iteration, DateTimeOffset.UtcNow, all.Select(v => new KeyValuePair<string, double>($"{kind}/{v.Key}", v.Value)));
    }

    private TrainingProgress Progress(string stage, double fraction) =>
        new(stage, Trainer.Solver.Iteration, options.Iterations, fraction, Loss, Trainer.Solver.CurrentRate, times.ImagesPerSecond, times.WaitShare);

    private static bool IsDue(int every, int iteration) => every > 0 && iteration % every == 0;

    private sealed class StageProgress(Action<double> report) : IProgress<double>
    {
        public void Report(double value) => report(value);
    }
}

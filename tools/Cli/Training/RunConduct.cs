using System.Globalization;
using EvenNet.Framework;
using EvenNet.Report;

namespace EvenNet.Cli;

/// <summary>Carries a training out: the run's record, the steps, and what is said at the end.</summary>
internal abstract class RunConduct<T>(RunVerb verb, T session, RunFiles files, RunRecord record, string command) where T : RunSession
{
    // A judgement ten times in a run tells enough of its course.
    private const int Judgements = 10;

    protected T Session => session;

    protected RunFiles Files => files;

    /// <summary>What the checkpoints say beside what every training says; the classes' names, data and settings.</summary>
    protected abstract IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>«curves, figures»: what the page shows.</summary>
    protected abstract string Contents { get; }

    /// <summary>«evennet eval voc --voc VOCdevkit»: judges the run, given its weights.</summary>
    protected abstract string EvalCommand { get; }

    /// <summary>Makes the loop with what is judged and measured in it.</summary>
    protected abstract TrainingRun Make(CheckpointFolder checkpoints, TrainingOptions plan, MonitoredValue? monitored);

    /// <summary>Writes what was found at last, and pictures of it.</summary>
    protected abstract void Write(IEvaluation evaluation);

    protected abstract void Print(IEvaluation evaluation, Ui ui);

    /// <summary>What to do against a loss that is not finite.</summary>
    protected abstract string Advice(string rate);

    /// <summary>«120 images/s»: how fast it went.</summary>
    protected abstract string Speed(double imagesPerSecond, double waitShare);

    public int Run(Ui ui, bool isJson, CancellationToken cancellation)
    {
        TrainingOptions plan = Plan();
        MonitoredValue? monitored = verb.Course.Monitored(session.Options, session.Judged);
        var checkpoints = new CheckpointFolder(files.Checkpoints, session.Options.GetValue(verb.Course.KeepEvery), session.Options.GetValue(verb.Course.Keep));
        Solver solver = session.Trainer.Solver;
        if (solver.Iteration > 0) checkpoints.Recover(monitored);
        RunRecord now = record.Begin(command, DateTimeOffset.Now, solver.Iteration);
        now.Write(files.Folder);
        ui.Note("run", solver.Iteration == 0 ? files.Folder : $"{files.Folder}, from iteration {solver.Iteration}");
        try
        {
            using TrainingRun run = Make(checkpoints, plan, monitored);
            RunOutcome outcome = ui.Track(progress => run.Run(new Shown(progress, this), cancellation));
            (now with { Results = Results(run) }).End(DateTimeOffset.Now, solver.Iteration, outcome).Write(files.Folder);
            TryReport(ui, run.LastEvaluation);
            var result = new TrainResult(files.Folder, outcome.ToString(), solver.Iteration, plan.Iterations, run.Loss, Results(run), run.Times.ImagesPerSecond, run.Times.WaitShare, run.Times.Seconds,
                monitored?.Best, monitored?.BestIteration, ProcessMemory.PeakBytes);
            if (isJson) ui.Raw(ToolJson.Write(result));
            else Print(result, run, monitored, ui);
            return outcome == RunOutcome.Interrupted ? ExitCode.Interrupted : ExitCode.Ok;
        }
        catch (DivergenceException error)
        {
            TryEnd(now, RunOutcome.Diverged, error.Message);
            TryReport(ui, evaluation: null);
            string last = checkpoints[CheckpointFolder.Last];
            string kept = File.Exists(last) ? $" The last checkpoint, {last}, is of iteration {Text.Count(CheckpointFolder.IterationOf(last))}." : "";
            throw new ToolException(ExitCode.Diverged, $"{error.Message}. {Advice(solver.CurrentRate.ToString("G3", CultureInfo.InvariantCulture))}.{kept}", error);
        }
        catch (Exception error)
        {
            TryEnd(now, RunOutcome.Failed, error.Message);
            throw;
        }
    }

    private TrainingOptions Plan()
    {
        int iterations = session.Options.GetValue(verb.Course.Iterations);
        int judged = session.Options.GetValue(verb.Course.EvalEvery) ?? Math.Max(1, iterations / Judgements);
        return new TrainingOptions(iterations)
        {
            EvaluateEvery = judged,
            SaveEvery = session.Options.GetValue(verb.Course.SaveEvery) ?? judged,
            LogEvery = session.Options.GetValue(verb.Course.LogEvery),
            Metadata = new Dictionary<string, string>(Metadata)
            {
                ["data"] = verb.DataName,
                [Weights.LabelsKey] = string.Join('\n', session.Classes),
                [TrainingSettings.HashKey] = TrainingSettings.Hash(session.Settings),
            },
        };
    }

    // The run is over and all of it is saved; the page can be made again.
    private void TryReport(Ui ui, IEvaluation? evaluation)
    {
        try
        {
            if (evaluation is not null) Write(evaluation);
            TrainingReport.Write(Path.Combine(files.Folder, RunFolder.HtmlName), [RunData.Read(files.Folder)]);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ImageFormatException)
        {
            ui.Warn($"no page was written ({error.Message}); evennet report {Text.Quoted(files.Folder)} makes it again");
        }
    }

    // On a full disk what went wrong first is what there is to say.
    private void TryEnd(RunRecord now, RunOutcome outcome, string message)
    {
        try
        {
            now.End(DateTimeOffset.Now, session.Trainer.Solver.Iteration, outcome, message).Write(files.Folder);
        }
        catch (IOException)
        {
            // The record that is there says that the session runs; the next one will call it lost.
        }
    }

    private static Dictionary<string, double> Results(TrainingRun run)
    {
        var found = new Dictionary<string, double> { ["loss"] = run.Loss };
        if (run.LastEvaluation is { } e)
            foreach ((string name, double value) in e.Values()) found[$"test.{name}"] = value;
        return found;
    }

    private void Print(TrainResult result, TrainingRun run, MonitoredValue? monitored, Ui ui)
    {
        if (run.LastEvaluation is { } e) Print(e, ui);
        string how = result.Outcome switch
        {
            nameof(RunOutcome.Interrupted) => "interrupted",
            nameof(RunOutcome.StoppedEarly) => $"stopped early: {monitored?.Name} had not got better {monitored?.Waited} times",
            _ => "done",
        };
        ui.Result("training", $"{how} after {Text.Count(result.Iterations)} iterations, loss {Text.Fixed(result.Loss, 4)}, {(result.StepSeconds > 0 ? Speed(result.ImagesPerSecond, result.WaitShare) : "all of them in earlier sessions")}");
        if (monitored?.Best is { } best) ui.Result("best", $"{monitored.Name} {Text.Fixed(best, 4)} at iteration {Text.Count(monitored.BestIteration ?? 0)}");
        ui.Note("wrote", $"{Path.Combine(files.Folder, RunFolder.HtmlName)} (open it: {Contents}, settings)");
        ui.Note("next", result.Outcome == nameof(RunOutcome.Interrupted)
            ? $"{verb.CommandLine} --resume {Text.Quoted(files.Folder)}"
            : $"{EvalCommand} --weights {Text.Quoted(files.Folder)}");
    }

    private sealed class Shown(IProgress<Initialization.InitProgress> progress, RunConduct<T> conduct) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress p) => progress.Report(new(p.Stage, p.Stage == "training"
            ? $"iter {p.Iteration}/{p.Iterations}  {conduct.Session.Loss(p.Loss)}  rate {p.Rate.ToString("0.0e-0", CultureInfo.InvariantCulture)}  {conduct.Speed(p.ImagesPerSecond, p.WaitShare)}"
            : $"after iteration {p.Iteration}", p.Fraction));
    }
}

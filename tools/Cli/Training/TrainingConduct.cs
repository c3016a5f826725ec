using System.CommandLine;
using System.Globalization;
using EvenNet.Framework;
using EvenNet.Report;

namespace EvenNet.Cli;

/// <summary>Carries a training out: the run's record, the steps, and what is said at the end.</summary>
internal sealed class TrainingConduct(TrainKindVerb verb, TrainingSession session, RunFiles files, RunRecord record, string command)
{
    // A judgement ten times in a run tells enough of its course.
    private const int Judgements = 10;

    private readonly TrainingOptions plan = Plan(verb, session);

    public int Run(Ui ui, bool isJson, CancellationToken cancellation)
    {
        MonitoredValue? monitored = verb.Course.Monitored(session.Options, session.TestData);
        var checkpoints = new CheckpointFolder(files.Checkpoints, session.Options.GetValue(verb.Course.KeepEvery), session.Options.GetValue(verb.Course.Keep));
        if (session.Trainer.Solver.Iteration > 0) checkpoints.Recover(monitored);
        int first = session.Trainer.Solver.Iteration;
        RunRecord now = record.Begin(command, DateTimeOffset.Now, first);
        now.Write(files.Folder);
        ui.Note("run", first == 0 ? files.Folder : $"{files.Folder}, from iteration {first}");
        try
        {
            using var run = new TrainingRun(session.Trainer, files, checkpoints, plan)
            {
                Evaluator = session.Evaluator,
                FinalEvaluator = session.FinalEvaluator,
                Monitored = monitored,
                Measurements = session.Measurements,
                State = session.Modulation is { } modulation ? () => [new(TrainingSession.ModulationKey, modulation.State())] : null,
            };
            RunOutcome outcome = ui.Track(progress => run.Run(new Shown(progress), cancellation));
            (now with { Results = Results(run) }).End(DateTimeOffset.Now, session.Trainer.Solver.Iteration, outcome).Write(files.Folder);
            TryReport(ui, (Evaluation?)run.LastEvaluation);
            var result = new TrainResult(files.Folder, outcome.ToString(), session.Trainer.Solver.Iteration, plan.Iterations, run.Loss, Results(run), run.Times.ImagesPerSecond, run.Times.WaitShare, run.Times.Seconds,
                monitored?.Best, monitored?.BestIteration, ProcessMemory.PeakBytes);
            if (isJson) ui.Raw(ToolJson.Write(result));
            else Print(result, run, monitored, ui);
            return outcome == RunOutcome.Interrupted ? ExitCode.Interrupted : ExitCode.Ok;
        }
        catch (DivergenceException error)
        {
            TryEnd(now, RunOutcome.Diverged, error.Message);
            TryReport(ui, evaluation: null);
            throw new ToolException(ExitCode.Diverged, $"{error.Message}. {Advice(checkpoints)}", error);
        }
        catch (Exception error)
        {
            TryEnd(now, RunOutcome.Failed, error.Message);
            throw;
        }
    }

    // The run is over and all of it is saved; the page can be made again.
    private void TryReport(Ui ui, Evaluation? evaluation)
    {
        try
        {
            if (evaluation is not null) (EvaluationRecord.Of(evaluation) with { Iteration = session.Trainer.Solver.Iteration }).Write(files.Evaluation);
            TrainingReport.Write(Path.Combine(files.Folder, RunFolder.HtmlName), [RunData.Read(files.Folder)]);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            ui.Warn($"no page was written ({error.Message}); evennet report {Text.Quoted(files.Folder)} makes it again");
        }
    }

    private static TrainingOptions Plan(TrainKindVerb verb, TrainingSession session)
    {
        ParseResult options = session.Options;
        int iterations = options.GetValue(verb.Course.Iterations);
        int judged = options.GetValue(verb.Course.EvalEvery) ?? Math.Max(1, iterations / Judgements);
        return new TrainingOptions(iterations)
        {
            EvaluateEvery = judged,
            SaveEvery = options.GetValue(verb.Course.SaveEvery) ?? judged,
            LogEvery = options.GetValue(verb.Course.LogEvery),
            Metadata = new Dictionary<string, string>(Weights.Metadata(session.Info.Name, session.Data.Classes.Count, options.GetRequiredValue(verb.Start.Init), verb.Start.Between(options), session.Seed))
            {
                ["data"] = verb.Kind.Name,
                [Weights.LabelsKey] = string.Join('\n', session.Data.Classes),
                [TrainingSettings.HashKey] = TrainingSettings.Hash(session.Settings),
            },
        };
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

    private string Advice(CheckpointFolder checkpoints)
    {
        string last = File.Exists(checkpoints[CheckpointFolder.Last]) ? $" The last checkpoint, {checkpoints[CheckpointFolder.Last]}, is of iteration {Text.Count(CheckpointFolder.IterationOf(checkpoints[CheckpointFolder.Last]))}." : "";
        string method = session.Options.GetRequiredValue(verb.Start.Init);
        string init = Initialization.InitMethods.Blind.Contains(method) ? ", or let pictures set the weights (--init kmeans)" : "";
        string rate = session.Trainer.Solver.CurrentRate.ToString("G3", CultureInfo.InvariantCulture);
        return $"Try a lower --rate (it was {rate}; --find-rate looks for one), clip gradients (--clip 10){init}.{last}";
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
        if (run.LastEvaluation is Evaluation e) EvaluationTables.Print(e, ui);
        string how = result.Outcome switch
        {
            nameof(RunOutcome.Interrupted) => "interrupted",
            nameof(RunOutcome.StoppedEarly) => $"stopped early: {monitored?.Name} had not got better {monitored?.Waited} times",
            _ => "done",
        };
        ui.Result("training", $"{how} after {Text.Count(result.Iterations)} iterations, loss {Text.Fixed(result.Loss, 4)}{(result.StepSeconds > 0 ? $", {Text.Fixed(result.ImagesPerSecond, 1)} images/s, {Text.Fixed(100 * result.WaitShare, 0)} % of the time waiting for data" : ", all of them in earlier sessions")}");
        if (monitored?.Best is { } best) ui.Result("best", $"{monitored.Name} {Text.Fixed(best, 4)} at iteration {Text.Count(monitored.BestIteration ?? 0)}");
        ui.Note("wrote", $"{Path.Combine(files.Folder, RunFolder.HtmlName)} (open it: curves, figures, settings)");
        ui.Note("next", result.Outcome == nameof(RunOutcome.Interrupted)
            ? $"evennet train {verb.Kind.Name} --resume {Text.Quoted(files.Folder)}"
            : $"evennet eval {verb.Kind.Name} --{verb.Kind.Name} {Text.Quoted(session.Options.GetRequiredValue(verb.Data.Place))} --weights {Text.Quoted(files.Folder)}");
    }

    private sealed class Shown(IProgress<Initialization.InitProgress> progress) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress p) => progress.Report(new(p.Stage, p.Stage == "training"
            ? $"iter {p.Iteration}/{p.Iterations}  loss {Text.Fixed(p.Loss, 4)}  rate {p.Rate.ToString("0.0e-0", CultureInfo.InvariantCulture)}  {Text.Fixed(p.ImagesPerSecond, 0)} img/s  wait {Text.Fixed(100 * p.WaitShare, 0)} %"
            : $"after iteration {p.Iteration}", p.Fraction));
    }
}

using System.CommandLine;
using System.Globalization;
using EvenNet.Detection;
using EvenNet.Framework;
using EvenNet.Report;

namespace EvenNet.Cli;

/// <summary>Carries the training of a detector out: the run's record, the steps, and what is shown at the end.</summary>
internal sealed class DetectionConduct(DetectTrainVerb verb, DetectionSession session, RunFiles files, RunRecord record, string command)
{
    private const int Judgements = 5;

    private readonly TrainingOptions plan = Plan(verb, session);

    public int Run(Ui ui, bool isJson, CancellationToken cancellation)
    {
        MonitoredValue? monitored = verb.Course.Monitored(session.Options, session.TestData?.Data);
        var checkpoints = new CheckpointFolder(files.Checkpoints, session.Options.GetValue(verb.Course.KeepEvery), session.Options.GetValue(verb.Course.Keep));
        if (session.Trainer.Solver.Iteration > 0) checkpoints.Recover(monitored);
        int first = session.Trainer.Solver.Iteration;
        RunRecord now = record.Begin(command, DateTimeOffset.Now, first);
        now.Write(files.Folder);
        ui.Note("run", first == 0 ? files.Folder : $"{files.Folder}, from iteration {first}");
        try
        {
            using var run = new TrainingRun(session.Trainer, files, checkpoints, plan) { Evaluator = session.Evaluator, Monitored = monitored };
            RunOutcome outcome = ui.Track(progress => run.Run(new Shown(progress, session.Trainer), cancellation));
            (now with { Results = Results(run) }).End(DateTimeOffset.Now, session.Trainer.Solver.Iteration, outcome).Write(files.Folder);
            TryReport(ui, run.LastEvaluation as DetectionEvaluation);
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
            throw new ToolException(ExitCode.Diverged, $"{error.Message}. Try a lower --rate (it was {session.Trainer.Solver.CurrentRate.ToString("G3", CultureInfo.InvariantCulture)}) or clip gradients (--clip 10).", error);
        }
        catch (Exception error)
        {
            TryEnd(now, RunOutcome.Failed, error.Message);
            throw;
        }
    }

    private static TrainingOptions Plan(DetectTrainVerb verb, DetectionSession session)
    {
        ParseResult options = session.Options;
        int iterations = options.GetValue(verb.Course.Iterations);
        int judged = options.GetValue(verb.Course.EvalEvery) ?? Math.Max(1, iterations / Judgements);
        var metadata = new Dictionary<string, string>(Weights.Metadata(session.Info.Name, session.Data.Classes.Count, options.GetRequiredValue(verb.Start.Init), "", session.Detection.Seed))
        {
            ["data"] = DetectionKind.Setting,
            [Weights.LabelsKey] = string.Join('\n', session.Data.Classes),
            [TrainingSettings.HashKey] = TrainingSettings.Hash(session.Settings),
        };
        foreach ((string key, string value) in DetectorFile.Metadata(session.Net, session.Loader.Scaling)) metadata[key] = value;
        return new TrainingOptions(iterations)
        {
            EvaluateEvery = judged,
            SaveEvery = options.GetValue(verb.Course.SaveEvery) ?? judged,
            LogEvery = options.GetValue(verb.Course.LogEvery),
            Metadata = metadata,
        };
    }

    // The run is over and all of it is saved; the page can be made again.
    private void TryReport(Ui ui, DetectionEvaluation? evaluation)
    {
        try
        {
            if (evaluation is not null)
            {
                DetectionRecord.Of(evaluation, session.TestData!, session.Trainer.Solver.Iteration).Write(files.Evaluation);
                DetectionPictures.Write(files.Folder, session.TestData!, session.Evaluator!.Found);
            }
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
        if (run.LastEvaluation is DetectionEvaluation e) DetectionTables.Print(e, session.TestData!, ui);
        string how = result.Outcome switch
        {
            nameof(RunOutcome.Interrupted) => "interrupted",
            nameof(RunOutcome.StoppedEarly) => $"stopped early: {monitored?.Name} had not got better {monitored?.Waited} times",
            _ => "done",
        };
        ui.Result("training", $"{how} after {Text.Count(result.Iterations)} iterations, loss {Text.Fixed(result.Loss, 4)}{(result.StepSeconds > 0 ? $", {Text.Fixed(result.ImagesPerSecond, 2)} pictures/s" : ", all of them in earlier sessions")}");
        if (monitored?.Best is { } best) ui.Result("best", $"{monitored.Name} {Text.Fixed(best, 4)} at iteration {Text.Count(monitored.BestIteration ?? 0)}");
        ui.Note("wrote", $"{Path.Combine(files.Folder, RunFolder.HtmlName)} (open it: curves, detections, settings)");
        ui.Note("next", result.Outcome == nameof(RunOutcome.Interrupted)
            ? $"evennet detect train --resume {Text.Quoted(files.Folder)}"
            : $"evennet detect eval --voc {Text.Quoted(session.Options.GetRequiredValue(verb.Data.Place))} --weights {Text.Quoted(files.Folder)}");
    }

    private sealed class Shown(IProgress<Initialization.InitProgress> progress, DetectionTrainer trainer) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress p) => progress.Report(new(p.Stage, p.Stage == "training"
            ? $"iter {p.Iteration}/{p.Iterations}  loss {Text.Fixed(p.Loss, 4)} (boxes {Text.Fixed(trainer.LastLosses.Boxes, 4)})  rate {p.Rate.ToString("0.0e-0", CultureInfo.InvariantCulture)}  {Text.Fixed(p.ImagesPerSecond, 2)} img/s"
            : $"after iteration {p.Iteration}", p.Fraction));
    }
}

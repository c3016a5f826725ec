using System.Diagnostics;
using EvenNet.Framework;

namespace EvenNet.Cli;

/// <summary>Whether a training would run: every part of it once, in a moment, with nothing left behind.</summary>
internal sealed class TrainingCheck(TrainingSession session)
{
    public int Run(Ui ui, CancellationToken cancellation)
    {
        string folder = Directory.CreateTempSubdirectory("evennet-dry-run-").FullName;
        try
        {
            var clock = Stopwatch.StartNew();
            TrainingStep step = session.Trainer.Steps(session.Trainer.Solver.Iteration + 1).First();
            ui.Result("step", $"loss {Text.Fixed(step.Loss, 4)}, {Text.Duration(clock.Elapsed.TotalSeconds)} with the start of everything");
            cancellation.ThrowIfCancellationRequested();
            session.Evaluator?.Try();
            session.FinalEvaluator?.Try();
            ui.Result("judging", session.Evaluator is { } e ? $"{e.Data.Options.Batch} of {e.Data.Dataset.Count} pictures scored" : "no test data: nothing is judged");
            string file = Path.Combine(folder, "state.safetensors");
            TrainingState.Save(file, session.Trainer);
            TrainingState.Load(file, session.Trainer);
            ui.Result("saving", $"{Text.Bytes(new FileInfo(file).Length)}, saved and loaded");
            ui.Result("memory", $"{Text.Bytes(ProcessMemory.PeakBytes)} at most so far");
            return ExitCode.Ok;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}

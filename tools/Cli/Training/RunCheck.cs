using System.Diagnostics;
using EvenNet.Framework;

namespace EvenNet.Cli;

/// <summary>Whether a training would run: every part of it once, in a moment, with nothing left behind.</summary>
internal static class RunCheck
{
    /// <summary>Takes a step, judges a little, saves and loads.</summary>
    public static int Run(RunSession session, Ui ui, CancellationToken cancellation)
    {
        string folder = Directory.CreateTempSubdirectory("evennet-dry-run-").FullName;
        try
        {
            ITrainer trainer = session.Trainer;
            var clock = Stopwatch.StartNew();
            TrainingStep step = trainer.Steps(trainer.Solver.Iteration + 1).First();
            ui.Result("step", $"{session.Loss(step.Loss)}, {Text.Duration(clock.Elapsed.TotalSeconds)} with the start of everything");
            cancellation.ThrowIfCancellationRequested();
            ui.Result("judging", session.Judge());
            string file = Path.Combine(folder, "state.safetensors");
            TrainingState.Save(file, trainer);
            TrainingState.Load(file, trainer);
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

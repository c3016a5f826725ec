using System.Globalization;

namespace EvenNet.Framework;

/// <summary>
/// A checkpoint with all that a run needs to go on to the same bits: the parameters (with what batch normalization has gathered), what the solver
/// remembers, the steps taken, and the place in the data. Draws need no state: they are keyed by seed, epoch, sample and iteration. The file is one of
/// <see cref="Checkpoint"/> with more in it, so it serves wherever weights do.
/// </summary>
public static class TrainingState
{
    private const string SolverKey = "solver", EpochKey = "data.epoch", IndexKey = "data.index", SamplesKey = "data.samples";

    /// <summary>Writes the state after a step, whole or not at all.</summary>
    /// <param name="path">The file.</param>
    /// <param name="trainer">Between two steps.</param>
    /// <param name="metadata">More to be written beside it.</param>
    /// <exception cref="IOException">The file could not be written; an earlier one is unchanged.</exception>
    public static void Save(string path, ITrainer trainer, IReadOnlyDictionary<string, string>? metadata = null)
    {
        // A loss that is not finite is found out before anything is written.
        (trainer as Trainer)?.ReadLosses();
        Solver solver = trainer.Solver;
        var all = new Dictionary<string, string>(metadata ?? new Dictionary<string, string>(), StringComparer.Ordinal)
        {
            [CheckpointFolder.IterationKey] = Text(solver.Iteration),
            [SolverKey] = solver.Name,
            [EpochKey] = Text(trainer.Position.Epoch),
            [IndexKey] = Text(trainer.Position.Index),
            [SamplesKey] = Text(trainer.Samples),
        };
        Checkpoint.Save(solver.Parameters, solver.Tensors(), path, all, CancellationToken.None);
    }

    /// <summary>Brings parameters, solver and place in the data to what <see cref="Save"/> has written.</summary>
    /// <exception cref="WeightsFormatException">
    /// The file is another net's or another solver's, was written with other data, or holds weights only. Nothing that steps depend on is changed but weights.
    /// </exception>
    /// <exception cref="IOException">It could not be read.</exception>
    public static void Load(string path, ITrainer trainer)
    {
        Solver solver = trainer.Solver;
        using SafetensorsFile file = Safetensors.Open(path);
        DataPosition position = new(Number(file, EpochKey), Number(file, IndexKey));
        int iteration = Number(file, CheckpointFolder.IterationKey);
        if (file.Metadata.GetValueOrDefault(SolverKey) is var of && of != solver.Name)
            throw new WeightsFormatException(path, $"holds the state of the solver {of}, not of {solver.Name}");
        if (file.Metadata.ContainsKey(SamplesKey) && Number(file, SamplesKey) is var samples && samples != trainer.Samples)
            throw new WeightsFormatException(path, $"was written by a run on {samples} samples, but {trainer.DataName} has {trainer.Samples} now: to go on to the same numbers it takes the same data");
        Checkpoint.Load(solver.Parameters, path);
        solver.Restore(file);
        (solver.Iteration, trainer.Position) = (iteration, position);
    }

    private static int Number(SafetensorsFile file, string key) =>
        int.TryParse(file.Metadata.GetValueOrDefault(key), NumberStyles.None, CultureInfo.InvariantCulture, out int value)
            ? value
            : throw new WeightsFormatException(file.Path, $"has no {key}: it holds weights, but not the state of a run; a new run can begin from these weights");

    private static string Text(int value) => value.ToString(CultureInfo.InvariantCulture);
}

using System.Diagnostics;

namespace EvenNet.Framework;

/// <summary>
/// Decodes and augments a data set's pictures on threads of its own, some batches ahead, and hands the batches over in order. What is in them depends on
/// the data, the seed and the position alone: a sample's draws are keyed by (seed, epoch, sample), an epoch's order by (seed, epoch).
/// </summary>
public sealed class DataLoader
{
    private const int MostWorkers = 8;

    /// <summary>A loader; nothing is read yet.</summary>
    /// <exception cref="ArgumentException">The settings contradict one another or the data.</exception>
    public DataLoader(Dataset dataset, Augmentation augmentation, LoaderOptions options)
    {
        if (augmentation.Problem is { } problem) throw new ArgumentException(problem);
        if (augmentation.Shape.Channels != dataset.Channels)
            throw new ArgumentException($"the pictures of {dataset.Name} have {dataset.Channels} channel{(dataset.Channels == 1 ? "" : "s")}, the input {augmentation.Shape} has {augmentation.Shape.Channels}");
        if (options.Batch <= 0 || options.Epochs < 0 || options.Workers < 0 || options.Prefetch < 0)
            throw new ArgumentException($"a batch of {options.Batch}, {options.Epochs} epochs, {options.Workers} workers and {options.Prefetch} batches ahead make no sense");
        (Dataset, Augmentation, Options) = (dataset, augmentation, options);
        Workers = options.Workers > 0 ? options.Workers : Math.Min(Environment.ProcessorCount, MostWorkers);
    }

    /// <summary>Where samples come from.</summary>
    public Dataset Dataset { get; }

    /// <summary>What becomes of them.</summary>
    public Augmentation Augmentation { get; }

    /// <summary>In which order and how many at a time.</summary>
    public LoaderOptions Options { get; }

    /// <summary>Threads that decode.</summary>
    public int Workers { get; }

    /// <summary>Time that the taker of batches has waited for one, all passes together.</summary>
    public TimeSpan Waited { get; private set; }

    /// <summary>
    /// The batches from a position on. Threads run while the result is enumerated, and end with it. A picture that cannot be used fails at its batch,
    /// the first of it in order.
    /// </summary>
    /// <param name="from">Where to begin.</param>
    /// <param name="cancellation">Ends the work, also while a batch is waited for.</param>
    /// <exception cref="ImageFormatException">A picture of the batch is missing, broken, or does not fit.</exception>
    /// <exception cref="ArgumentOutOfRangeException">There is no such position.</exception>
    public IEnumerable<LabelledBatch> Batches(DataPosition from = default, CancellationToken cancellation = default)
    {
        if (from.Epoch < 0 || from.Index < 0 || from.Index >= Dataset.Count || (Options.Epochs > 0 && from.Epoch > Options.Epochs) || (from.Epoch == Options.Epochs && Options.Epochs > 0 && from.Index > 0))
            throw new ArgumentOutOfRangeException(nameof(from), $"position {from} lies outside {(Options.Epochs > 0 ? $"{Options.Epochs} epochs of " : "")}{Dataset.Count} samples");
        return Run(from, cancellation);
    }

    private IEnumerable<LabelledBatch> Run(DataPosition from, CancellationToken cancellation)
    {
        using var run = new LoaderRun(this, from, cancellation);
        while (true)
        {
            long start = Stopwatch.GetTimestamp();
            LabelledBatch? batch = run.Next();
            Waited += Stopwatch.GetElapsedTime(start);
            if (batch is null) yield break;
            yield return batch;
        }
    }
}

using System.Diagnostics;

namespace EvenNet.Framework;

/// <summary>How fast a data set's inputs can be made, and what it costs.</summary>
/// <param name="Workers">Threads that decoded.</param>
/// <param name="Images">Samples made while it was measured.</param>
/// <param name="Seconds">Of the clock.</param>
/// <param name="ProcessorSeconds">Of all threads of the process together.</param>
/// <param name="AllocatedBytes">Managed memory that was allocated meanwhile.</param>
public sealed record LoadingSpeed(int Workers, long Images, double Seconds, double ProcessorSeconds, long AllocatedBytes)
{
    private const double WarmUpSeconds = 0.5;

    /// <summary>Samples a second.</summary>
    public double ImagesPerSecond => Images / Seconds;

    /// <summary>Samples a second of one processor's time: what remains true on a machine that does other work.</summary>
    public double ImagesPerProcessorSecond => Images / ProcessorSeconds;

    /// <summary>Managed bytes allocated for a sample.</summary>
    public double AllocatedBytesPerImage => (double)AllocatedBytes / Images;

    /// <summary>Takes batches for so long, after half a second and a full prefetch to warm up, and throws them away.</summary>
    /// <param name="loader">That goes on for ever: its options' Epochs are 0.</param>
    /// <param name="seconds">How long.</param>
    /// <param name="progress">Told the share that is done.</param>
    /// <param name="cancellation">Ends the work.</param>
    /// <exception cref="ArgumentException">The loader comes to an end.</exception>
    public static LoadingSpeed Measure(DataLoader loader, double seconds, IProgress<double>? progress = null, CancellationToken cancellation = default)
    {
        if (loader.Options.Epochs > 0) throw new ArgumentException($"the speed of loading is measured without an end, not over {loader.Options.Epochs} epochs");
        long begin = Stopwatch.GetTimestamp(), images = 0, allocated = 0;
        int batches = 0;
        TimeSpan processor = default;
        bool isWarm = false;
        foreach (LabelledBatch batch in loader.Batches(cancellation: cancellation))
        {
            batches++;
            if (!isWarm)
            {
                if (batches <= loader.Options.Prefetch || Stopwatch.GetElapsedTime(begin).TotalSeconds < WarmUpSeconds) continue;
                (isWarm, begin, processor, allocated) = (true, Stopwatch.GetTimestamp(), Environment.CpuUsage.TotalTime, GC.GetTotalAllocatedBytes());
                continue;
            }
            images += batch.Count;
            double elapsed = Stopwatch.GetElapsedTime(begin).TotalSeconds;
            progress?.Report(Math.Min(1, elapsed / seconds));
            if (elapsed < seconds) continue;
            return new LoadingSpeed(loader.Workers, images, elapsed, (Environment.CpuUsage.TotalTime - processor).TotalSeconds, GC.GetTotalAllocatedBytes() - allocated);
        }
        throw new UnreachableException("the loader has no end");
    }
}

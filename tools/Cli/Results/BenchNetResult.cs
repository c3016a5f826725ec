using EvenNet.Framework;

namespace EvenNet.Cli;

/// <summary>What <c>bench net</c> measured of one net at one batch size.</summary>
/// <param name="Net">Its name.</param>
/// <param name="Batch">Images at a time.</param>
/// <param name="Threads">Of the device.</param>
/// <param name="Device">For people.</param>
/// <param name="Parameters">Learned ones of the graph that is trained.</param>
/// <param name="Forward">Scores in testing.</param>
/// <param name="TrainStep">Forward, backward and the update by SGD.</param>
/// <param name="PeakBytes">Largest physical memory of the process while it trained.</param>
/// <param name="PlanBytes">Arena and workspace of the training plan.</param>
/// <param name="ParameterBytes">Weights, gradients and momenta.</param>
/// <param name="Limits">What the machine can do, measured in the same run; null where nothing is known.</param>
/// <param name="Layers">Each kernel's passes in a training step.</param>
internal sealed record BenchNetResult(
    string Net, int Batch, int Threads, string Device, long Parameters, BenchPass Forward, BenchPass TrainStep, long PeakBytes, long PlanBytes, long ParameterBytes,
    BenchLimits? Limits, IReadOnlyList<BenchLayer> Layers);

/// <summary>Several, measured one after the other.</summary>
internal sealed record BenchNetResults(string Device, double Seconds, IReadOnlyList<BenchNetResult> Results);

/// <summary>One kind of pass.</summary>
/// <param name="Milliseconds">Median of the repetitions.</param>
/// <param name="ImagesPerSecond">At the median.</param>
/// <param name="Gflops">Two a multiply-add of the layers' definitions, a second.</param>
/// <param name="PeakShare">Of the measured peak; above one where kernels need fewer operations than the definition has.</param>
/// <param name="BestMilliseconds">Quickest repetition.</param>
/// <param name="Spread">Distance between the quartiles beside the median.</param>
/// <param name="Repetitions">Number of them.</param>
/// <param name="PeakBytes">Largest physical memory of the process meanwhile.</param>
internal sealed record BenchPass(
    double Milliseconds, double ImagesPerSecond, double Gflops, double PeakShare, double BestMilliseconds, double Spread, int Repetitions, long PeakBytes)
{
    public static BenchPass Of(Repetitions measured, int batch, double operations, BackendLimits? limits, long peakBytes)
    {
        double perSecond = operations / measured.Median;
        return new(1e3 * measured.Median, batch / measured.Median, perSecond / 1e9, perSecond / (limits?.OperationsPerSecond ?? double.NaN),
            1e3 * measured.Best, measured.Spread, measured.Seconds.Count, peakBytes);
    }
}

/// <summary>What the machine can do at the most.</summary>
internal sealed record BenchLimits(int Threads, double Gflops, double ReadGigabytesPerSecond, double TriadGigabytesPerSecond)
{
    public static BenchLimits? Of(BackendLimits? limits, int threads) =>
        limits is null ? null : new(threads, limits.OperationsPerSecond / 1e9, limits.ReadBytesPerSecond / 1e9, limits.TriadBytesPerSecond / 1e9);
}

/// <summary>One pass of one kernel in a training step.</summary>
/// <param name="Name">The layer.</param>
/// <param name="Kernel">What runs.</param>
/// <param name="Pass">forward, backward or update.</param>
/// <param name="Milliseconds">Median.</param>
/// <param name="Gflops">Two a multiply-add of the layer's definition, a second; 0 for layers without.</param>
/// <param name="GigabytesPerSecond">Of what has to be read and written, each once.</param>
/// <param name="BoundMilliseconds">The longer of the kernel's own arithmetic at the measured peak and those bytes at the measured bandwidth.</param>
/// <param name="BoundShare">Bound over time: 1 is as fast as can be; above where data stay in the caches.</param>
/// <param name="StepShare">Of the sum over all lines.</param>
/// <param name="IsSlow">Takes over 2 % of the step and runs below 60 % of its bound.</param>
internal sealed record BenchLayer(
    string Name, string Kernel, string Pass, double Milliseconds, double Gflops, double GigabytesPerSecond, double BoundMilliseconds, double BoundShare,
    double StepShare, bool IsSlow)
{
    private const double LeastStepShare = 0.02, LeastBoundShare = 0.6;

    public static BenchLayer Of(string name, string kernel, string pass, double seconds, PassTime work, BackendLimits? limits, double stepSeconds)
    {
        double bound = limits?.LeastSeconds(work.Operations, work.Bytes) ?? double.NaN, share = seconds / stepSeconds;
        return new(name, kernel, pass, 1e3 * seconds, 2 * work.MultiplyAdds / seconds / 1e9, work.Bytes / seconds / 1e9, 1e3 * bound, bound / seconds,
            share, share > LeastStepShare && bound / seconds < LeastBoundShare);
    }
}

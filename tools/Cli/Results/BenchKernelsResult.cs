namespace EvenNet.Cli;

/// <summary>What <c>bench kernels</c> measured.</summary>
internal sealed record BenchKernelsResult(string Device, double Seconds, IReadOnlyList<BenchLimits> Limits, IReadOnlyList<BenchKernel> Kernels);

/// <summary>One pass of one layer alone.</summary>
/// <param name="Net">Whose layer it is.</param>
/// <param name="Layer">Its name there.</param>
/// <param name="Batch">Images.</param>
/// <param name="Pass">forward, backward-data (the input's gradient), backward-weights, or backward where a layer has no weights.</param>
/// <param name="Kernel">What runs.</param>
/// <param name="Threads">Of the device.</param>
/// <param name="Milliseconds">Median of the repetitions.</param>
/// <param name="Spread">Distance between the quartiles beside the median.</param>
/// <param name="Gflops">Two a multiply-add of the layer's definition, a second; 0 for layers without.</param>
/// <param name="PeakShare">Of the peak measured with as many threads.</param>
/// <param name="GigabytesPerSecond">Of what has to be read and written, each once.</param>
/// <param name="BoundShare">The least time by the kernel's own arithmetic and those bytes, over the time it takes.</param>
internal sealed record BenchKernel(
    string Net, string Layer, int Batch, string Pass, string Kernel, int Threads, double Milliseconds, double Spread, double Gflops, double PeakShare,
    double GigabytesPerSecond, double BoundShare);

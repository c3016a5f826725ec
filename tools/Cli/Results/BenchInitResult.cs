namespace EvenNet.Cli;

/// <summary>What <c>bench init</c> measured.</summary>
/// <param name="Net">Its name.</param>
/// <param name="Method">How weights were made.</param>
/// <param name="Between">The between-layer step.</param>
/// <param name="Images">Number of pictures.</param>
/// <param name="Pictures">Where they came from.</param>
/// <param name="Threads">Of the device.</param>
/// <param name="Device">For people.</param>
/// <param name="Seconds">Median of the whole initialization, without decoding pictures and writing files.</param>
/// <param name="BestSeconds">Quickest.</param>
/// <param name="Repetitions">Number of them.</param>
/// <param name="ImageSeconds">Decoding or drawing the pictures, once.</param>
/// <param name="PeakBytes">Largest physical memory of the process.</param>
/// <param name="Flatness">Largest over smallest layer rate: that the work was done.</param>
/// <param name="Timings">Median of each stage.</param>
internal sealed record BenchInitResult(
    string Net, string Method, string Between, int Images, string Pictures, int Threads, string Device, double Seconds, double BestSeconds, int Repetitions,
    double ImageSeconds, long PeakBytes, double Flatness, IReadOnlyList<TimingResult> Timings);

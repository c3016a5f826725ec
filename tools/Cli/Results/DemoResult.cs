namespace EvenNet.Cli;

/// <summary>What <c>demo</c> did and found.</summary>
internal sealed record DemoResult(
    string Net, int Photographs, int Crops, ulong Seed, string Device, double Seconds, int Iterations, float LearningRate, IReadOnlyList<DemoRun> Runs, string Report);

/// <summary>One initialization, and how the net then began to learn.</summary>
/// <param name="FinalLoss">Mean of the last iterations; not a number where the training diverged.</param>
internal sealed record DemoRun(
    string Name, string Method, string Between, IReadOnlyList<LayerResult> Layers, double Flatness, double FunctionChange,
    IReadOnlyList<FallbackResult> Fallbacks, double InitSeconds, double TrainSeconds, double FinalLoss, IReadOnlyList<double> Losses);

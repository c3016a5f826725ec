namespace EvenNet.Cli;

/// <summary>What <c>diagnose</c> measured of one weight file.</summary>
internal sealed record DiagnoseResult(
    string Net, int Classes, string? WeightsFile, string? Method, int Images, int DistinctImages, ulong Seed, string Device, double Seconds,
    IReadOnlyList<LayerResult> Layers, double Flatness, IReadOnlyList<FallbackResult> Fallbacks);

/// <summary>Several, measured on the same pictures.</summary>
internal sealed record DiagnoseResults(string Net, int Images, ulong Seed, string Device, double Seconds, IReadOnlyList<DiagnoseResult> Runs);

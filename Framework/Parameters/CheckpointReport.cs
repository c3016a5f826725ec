namespace EvenNet.Framework;

/// <summary>What came of loading a weight file.</summary>
/// <param name="Loaded">Parameters that have the file's values now.</param>
/// <param name="Missing">Parameters that the file lacks; unchanged.</param>
/// <param name="Skipped">Parameters of layers that were to be left out; unchanged.</param>
/// <param name="Reshaped">Loaded parameters whose sizes were written otherwise: 4096×9216 for 4096×256×6×6.</param>
/// <param name="Unused">Tensors that the net lacks.</param>
/// <param name="Metadata">What the file says of itself.</param>
public sealed record CheckpointReport(
    IReadOnlyList<string> Loaded, IReadOnlyList<string> Missing, IReadOnlyList<string> Skipped, IReadOnlyList<string> Reshaped, IReadOnlyList<string> Unused,
    IReadOnlyDictionary<string, string> Metadata)
{
    /// <summary>Tensors whose sizes are neither the net's nor reshape to them, with both; their parameters are unchanged.</summary>
    public IReadOnlyList<string> Mismatched { get; init; } = [];
}

namespace EvenNet.Cli;

/// <summary>What <c>convert</c> did: parameters by what came of them.</summary>
internal sealed record ConvertResult(
    string In, string Out, string Net, long Parameters, IReadOnlyList<string> Loaded, IReadOnlyList<string> Reshaped, IReadOnlyList<string> Skipped,
    IReadOnlyList<string> Mismatched, IReadOnlyList<string> Missing, IReadOnlyList<string> Unused)
{
    /// <summary>Layers that went into those below.</summary>
    public IReadOnlyList<string> Folded { get; init; } = [];
}

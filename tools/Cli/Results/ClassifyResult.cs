namespace EvenNet.Cli;

/// <summary>What a net says of one picture: its largest scores, as the net puts them out.</summary>
internal sealed record ClassifyResult(string File, IReadOnlyList<ClassScore> Top);

/// <summary>A class, its name where names were given, and its score.</summary>
internal sealed record ClassScore(int Index, string Label, double Score);

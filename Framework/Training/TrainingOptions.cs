namespace EvenNet.Framework;

/// <summary>What a run does beside its steps.</summary>
/// <param name="Iterations">Steps to take in all.</param>
public sealed record TrainingOptions(int Iterations)
{
    /// <summary>Evaluate after each multiple of this, and at the end; 0 at the end only.</summary>
    public int EvaluateEvery { get; init; }

    /// <summary>Save after each multiple of this, and at the end; 0 at the end only.</summary>
    public int SaveEvery { get; init; }

    /// <summary>Write a line of metrics after each multiple of this, with the mean of the steps since the last.</summary>
    public int LogEvery { get; init; } = 1;

    /// <summary>What is written into every checkpoint beside the state.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; init; } = new Dictionary<string, string>();
}

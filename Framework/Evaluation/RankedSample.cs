namespace EvenNet.Framework;

/// <summary>One judged sample in the ranking of a class.</summary>
/// <param name="Index">Of the sample, in what was evaluated.</param>
/// <param name="Score">What it was ranked by.</param>
/// <param name="IsPositive">Whether it is of the class.</param>
/// <param name="TruePositives">Positives down to and with this one.</param>
/// <param name="Rank">Judged samples down to and with this one.</param>
/// <param name="Positives">Of the whole ranking.</param>
public readonly record struct RankedSample(int Index, double Score, bool IsPositive, int TruePositives, int Rank, int Positives)
{
    /// <summary>Share of the positives among those down to this one.</summary>
    public double Precision => (double)TruePositives / Rank;

    /// <summary>Share of all positives that are down to this one; not a number where the class has none.</summary>
    public double Recall => (double)TruePositives / Positives;
}

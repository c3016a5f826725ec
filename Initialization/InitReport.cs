namespace EvenNet.Initialization;

/// <summary>Seconds that a stage took.</summary>
public sealed record StageTime(string Stage, double Seconds);

/// <summary>What an initialization did, and the proof.</summary>
/// <param name="Method">As asked.</param>
/// <param name="Between">The between-layer step's mode.</param>
/// <param name="Images">Number of images.</param>
/// <param name="Within">What the within-layer step did; null for methods without.</param>
/// <param name="Rescaling">What the between-layer step did; null without.</param>
/// <param name="Rates">Change rates afterwards, measured with noise of their own.</param>
/// <param name="FunctionChange">Largest relative change of an output by the between-layer step.</param>
/// <param name="Notes">All that was done otherwise than asked.</param>
/// <param name="Times">Where the time went.</param>
public sealed record InitReport(
    string Method, string Between, int Images, WithinLayerReport? Within, RescaleReport? Rescaling, ChangeRateReport Rates, double FunctionChange,
    IReadOnlyList<InitNote> Notes, IReadOnlyList<StageTime> Times)
{
    /// <summary>What layer-sequential unit variance did; null for other methods.</summary>
    public LsuvReport? Lsuv { get; init; }
}

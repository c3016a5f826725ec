namespace EvenNet.Initialization;

/// <summary>How far an initialization is.</summary>
/// <param name="Stage">«weights», «rescaling», «measuring».</param>
/// <param name="Detail">The layer or the sweep.</param>
/// <param name="Fraction">Share of the stage that is done, 0 … 1.</param>
public readonly record struct InitProgress(string Stage, string Detail, double Fraction);

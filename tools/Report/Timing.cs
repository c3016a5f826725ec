namespace EvenNet.Report;

/// <summary>A step of a run and the time it took.</summary>
public sealed record Timing(string Name, double Seconds);

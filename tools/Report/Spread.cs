namespace EvenNet.Report;

/// <summary>The smallest and the largest of some numbers.</summary>
public readonly record struct Spread(double Lowest, double Highest);

namespace EvenNet.Report;

/// <summary>The smallest and the largest of a layer's channels.</summary>
public readonly record struct ChannelRange(double Lowest, double Highest);

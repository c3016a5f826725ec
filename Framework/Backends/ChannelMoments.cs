namespace EvenNet.Framework;

/// <summary>Mean and standard deviation (population) of each channel over samples and positions. mean, deviation: C.</summary>
public sealed record ChannelMoments(double[] Mean, double[] Deviation);

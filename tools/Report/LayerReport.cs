namespace EvenNet.Report;

/// <summary>One affine layer as it was measured over the images.</summary>
/// <param name="Name">The layer's name in the graph.</param>
/// <param name="Rate">Average change rate, by columns of the weight matrix: gradient over weight.</param>
/// <param name="RateCv">Coefficient of variation of the columns' rates.</param>
/// <param name="OutputMean">Mean of the layer's output, before any ReLU, over images, channels and positions.</param>
/// <param name="OutputStd">Standard deviation of the same values.</param>
public sealed record LayerReport(string Name, double Rate, double RateCv, double OutputMean, double OutputStd)
{
    /// <summary>Average change rate of single weights.</summary>
    public double? ElementRate { get; init; }

    /// <summary>Coefficient of variation of the single weights' rates.</summary>
    public double? ElementRateCv { get; init; }

    /// <summary>Smallest and largest mean of a channel.</summary>
    public ChannelRange? ChannelMean { get; init; }

    /// <summary>Smallest and largest standard deviation of a channel.</summary>
    public ChannelRange? ChannelStd { get; init; }
}

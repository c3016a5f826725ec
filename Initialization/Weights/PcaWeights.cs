using EvenNet.Framework;

namespace EvenNet.Initialization;

/// <summary>
/// The leading principal components, whitened: outputs are uncorrelated with equal variance over the images (Krähenbühl et al. 2016, §3.1).
/// </summary>
public sealed record PcaWeights : PatchFiller
{
    /// <inheritdoc/>
    public override string Name => "pca";

    /// <inheritdoc/>
    protected override string Surplus => "the others are random directions of the whitened patches";

    /// <inheritdoc/>
    protected override float[] Points(WeightRequest request, int group, Whitening whitening, WhitenedPatches patches)
    {
        var points = new float[request.OutputsPerGroup * whitening.Dimensions];
        for (int k = 0; k < whitening.Dimensions; k++) points[k * whitening.Dimensions + k] = 1;
        RandomDirections(points, whitening.Dimensions, whitening.Dimensions, request.Random(RandomPurpose.Weights, group));
        return points;
    }
}

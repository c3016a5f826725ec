using EvenNet.Framework;

namespace EvenNet.Initialization;

/// <summary>
/// Rows of the symmetric whitening matrix V · diag(1/√λ) · Vᵀ: filters that whiten around one input each (Bell and Sejnowski 1997). With at
/// least as many filters as inputs it is the whole matrix; with fewer, rows for randomly chosen inputs within the leading directions.
/// </summary>
public sealed record ZcaWeights : PatchFiller
{
    /// <inheritdoc/>
    public override string Name => "zca";

    /// <inheritdoc/>
    protected override string Surplus => "the others are random directions of the whitened patches";

    /// <inheritdoc/>
    protected override float[] Points(WeightRequest request, int group, Whitening whitening)
    {
        RandomSource random = request.Random(RandomPurpose.Weights, group);
        int outputs = request.OutputsPerGroup, d = whitening.Inputs;
        int[] centers = outputs >= d ? [.. Enumerable.Range(0, d)] : random.Choose(outputs, d, sorted: true);
        var points = new float[outputs * whitening.Dimensions];
        for (int p = 0; p < centers.Length; p++)
            for (int k = 0; k < whitening.Dimensions; k++) points[p * whitening.Dimensions + k] = (float)whitening.Vectors[k * d + centers[p]];
        RandomDirections(points, whitening.Dimensions, centers.Length, random);
        return points;
    }
}

using EvenNet.Framework;

namespace EvenNet.Initialization;

/// <summary>Whitened patches of the images themselves, scaled to unit length: each filter answers most to one place seen (the paper's program's «rand»).</summary>
public sealed record PatchWeights : PatchFiller
{
    /// <inheritdoc/>
    public override string Name => "patches";

    /// <inheritdoc/>
    protected override string Surplus => "the patches are taken within these";

    /// <inheritdoc/>
    protected override float[] Points(WeightRequest request, int group, Whitening whitening, WhitenedPatches patches)
    {
        RandomSource random = request.Random(RandomPurpose.Patches, group);
        int outputs = request.OutputsPerGroup, m = whitening.Dimensions;
        int[] chosen = random.Choose(outputs, (int)Math.Min(request.Patches.Rows, int.MaxValue), sorted: true);
        float[] points = patches.Choose(group, chosen);
        for (int p = 0; p < outputs; p++)
        {
            Span<float> point = points.AsSpan(p * m, m);
            double norm = Math.Sqrt(VectorMath.SquaredNorm(point));
            if (norm < Clustering.ShortestRow) RandomDirections(point, m, 0, random);
            else foreach (ref float v in point) v = (float)(v / norm);
        }
        return points;
    }
}

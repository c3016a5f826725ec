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
    protected override float[] Points(WeightRequest request, int group, Whitening whitening, WhitenedPatches patches)
    {
        RandomSource random = request.Random(RandomPurpose.Weights, group);
        int outputs = request.OutputsPerGroup, d = whitening.Inputs;
        int[] centers = outputs >= d ? [.. Enumerable.Range(0, d)] : random.Choose(outputs, d, sorted: true);
        var points = new float[outputs * whitening.Dimensions];
        int m = whitening.Dimensions, filled = 0;
        foreach (int center in centers)
        {
            Span<float> point = points.AsSpan(filled * m, m);
            for (int k = 0; k < m; k++) point[k] = (float)whitening.Vectors[k * d + center];
            if (IsNew(points.AsSpan(0, filled * m), point)) filled++;
        }
        RandomDirections(points, m, filled, random);
        return points;
    }

    // Inputs that always have the same value, such as the channels of a grey picture, or that never vary, would make the same filter twice or none.
    private static bool IsNew(ReadOnlySpan<float> before, ReadOnlySpan<float> point)
    {
        const double Alike = 1 - 1e-4;
        double norm = VectorMath.SquaredNorm(point);
        for (int at = 0; at < before.Length; at += point.Length)
        {
            ReadOnlySpan<float> other = before.Slice(at, point.Length);
            if (VectorMath.Dot(other, point) >= Alike * Math.Sqrt(norm * VectorMath.SquaredNorm(other))) return false;
        }
        return norm > 0;
    }
}

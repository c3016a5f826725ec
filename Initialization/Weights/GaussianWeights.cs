using EvenNet.Framework;

namespace EvenNet.Initialization;

/// <summary>Independent draws of N(0, σ²). With the within-layer step the σ is irrelevant (Krähenbühl et al. 2016, §3.1).</summary>
public sealed record GaussianWeights(float Deviation = 1) : IWeightFiller
{
    /// <inheritdoc/>
    public string Name => "gaussian";

    /// <inheritdoc/>
    public string Fill(WeightRequest request)
    {
        request.Random(RandomPurpose.Weights, 0).FillGaussian(request.Weights, request.Backend.For);
        if (Deviation != 1) foreach (ref float w in request.Weights.AsSpan()) w *= Deviation;
        return Name;
    }
}

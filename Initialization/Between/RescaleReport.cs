using EvenNet.Framework;

namespace EvenNet.Initialization;

/// <summary>What the between-layer step did.</summary>
/// <param name="Layers">The affine nodes, in graph order.</param>
/// <param name="Rates">For each sweep the layers' change rates as it found them.</param>
/// <param name="Notes">What did not go as asked.</param>
public sealed record RescaleReport(IReadOnlyList<string> Layers, IReadOnlyList<double[]> Rates, IReadOnlyList<InitNote> Notes)
{
    internal static InitNote WithoutRate(string layer) => new(
        layer, "no-rate", "the random loss has no gradient here, or all weights are zero: the layer was not rescaled; look for constant images and for layers above whose weights are zero");
}

/// <summary>Draws all layers' change rates together without new weights (Krähenbühl et al. 2016, §3.2, Algorithm 2).</summary>
public interface IRescaler
{
    /// <summary>«scale-layers», «paper», «reference»: the mode's name in reports.</summary>
    string Name { get; }

    /// <summary>Rescales every affine layer. images: count × input shape.</summary>
    RescaleReport Apply(
        ParameterSet parameters, float[] images, int count, ulong seed, IProgress<InitProgress>? progress = null, CancellationToken cancellation = default);
}

using EvenNet.Framework;

namespace EvenNet.Initialization;

/// <summary>The random loss ℓ = ηᵀz: η ~ N(0, 1), independent for each image, channel and position (Krähenbühl et al. 2016, §3.2).</summary>
internal static class Noise
{
    /// <summary>Top gradients for a batch, drawn image after image, so that the batch size changes nothing.</summary>
    public static (Node, float[])[] At(IReadOnlyList<Node> tops, int batch, RandomSource random)
    {
        (Node Node, float[] Gradient)[] seeds = [.. tops.Select(t => (t, new float[batch * t.Shape.Count]))];
        for (int n = 0; n < batch; n++)
            foreach ((Node node, float[] gradient) in seeds) random.FillGaussian(gradient.AsSpan(n * node.Shape.Count, node.Shape.Count));
        return seeds;
    }
}

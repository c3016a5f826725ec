namespace EvenNet.Framework;

/// <summary>What every affine layer owns: weight, bias (without decay, and by default at twice the rate, as Caffe's nets have it) and frozen scale.</summary>
internal static class AffineParameters
{
    public static IReadOnlyList<ParameterSpec> Of(int[] weight, bool bias, float decay, float biasRate)
    {
        var scale = new ParameterSpec("scale", [1], LearningRate: 0, Decay: 0, Initial: 1);
        var matrix = new ParameterSpec("weight", weight, Decay: decay);
        return bias ? [matrix, new("bias", [weight[0]], LearningRate: biasRate, Decay: 0), scale] : [matrix, scale];
    }
}

namespace EvenNet.Framework;

/// <summary>What every affine layer owns: weight, bias (learned at twice the rate, without decay, as Caffe's nets have it) and frozen scale.</summary>
internal static class AffineParameters
{
    public static IReadOnlyList<ParameterSpec> Of(int[] weight, bool bias)
    {
        var scale = new ParameterSpec("scale", [1], LearningRate: 0, Decay: 0, Initial: 1);
        return bias ? [new("weight", weight), new("bias", [weight[0]], LearningRate: 2, Decay: 0), scale] : [new("weight", weight), scale];
    }
}

using EvenNet.Framework;

namespace EvenNet.Initialization;

/// <summary>
/// Orthonormal rows of outputs × fan-in, or columns where there are more outputs than inputs; biases zero (Saxe et al. 2014; the start of Mishkin and Matas
/// 2016). The rows of all groups together are one matrix.
/// </summary>
public sealed record OrthonormalInit : RandomInit
{
    /// <inheritdoc/>
    public override string Name => "orthonormal";

    /// <inheritdoc/>
    protected override void Fill(Backend backend, Parameter weight, float[] weights, RandomSource random) =>
        OrthonormalMatrix.Fill(backend, weights, weight.Rows, weight.FanIn, random);
}

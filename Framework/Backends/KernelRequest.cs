namespace EvenNet.Framework;

/// <summary>One place in a plan that needs computing: the layer, the sizes and layouts it meets there, and what was fused onto it.</summary>
/// <param name="Layer">What to compute.</param>
/// <param name="Batch">Samples of the output, and of the inputs but for RoI pooling's pictures.</param>
/// <param name="Inputs">Sizes of the inputs.</param>
/// <param name="Output">Size of the output.</param>
/// <param name="Arrives">Order in memory of each input as its maker writes it.</param>
/// <param name="Relu">A rectifier of slope zero was fused onto the output: y = max(0, …); backward masks by y &gt; 0.</param>
/// <param name="InputGradient">Whether any input's gradient is wanted.</param>
public sealed record KernelRequest(
    Layer Layer, int Batch, IReadOnlyList<Shape> Inputs, Shape Output, IReadOnlyList<LayoutKind> Arrives, bool Relu, bool InputGradient)
{
    /// <summary>Whether the plan runs this place backward: an inference plan's kernels need no workspace for that.</summary>
    public bool Backward { get; init; } = true;
}

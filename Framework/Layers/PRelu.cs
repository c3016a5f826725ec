namespace EvenNet.Framework;

/// <summary>
/// y[c] = x[c] where x[c] is positive, else slope[c] · x[c] with a slope that is learned, 0.25 at first (He et al. 2015, §2.1, and Caffe); without decay,
/// which would draw the slopes to zero (same section). The gradient at zero takes the slope.
/// </summary>
/// <param name="Shared">One slope for all channels instead of one for each.</param>
public sealed record PRelu(bool Shared = false) : Layer
{
    /// <inheritdoc/>
    public override Shape Infer(IReadOnlyList<Shape> inputs) => One(inputs);

    /// <inheritdoc/>
    public override IReadOnlyList<ParameterSpec> Parameters(IReadOnlyList<Shape> inputs) =>
        [new("slope", [Shared ? 1 : inputs[0].Channels], Decay: 0, Initial: 0.25f)];
}

/// <summary>The fluent face of <see cref="Framework.PRelu"/>.</summary>
public static class PReluNotation
{
    extension(Node x)
    {
        /// <summary>A rectifier with a learned slope for each channel, or one for all.</summary>
        public Node PRelu(string name, bool shared = false) => new(name, new PRelu(shared), x);
    }
}

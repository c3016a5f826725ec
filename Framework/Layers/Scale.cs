namespace EvenNet.Framework;

/// <summary>y[c] = weight[c] · x[c] + bias[c] for each channel: what batch normalization leaves to be learned. Weights are one at first.</summary>
/// <param name="HasBias">Whether there is a bias.</param>
public sealed record Scale(bool HasBias = true) : Layer
{
    /// <inheritdoc/>
    public override Shape Infer(IReadOnlyList<Shape> inputs) => One(inputs);

    /// <inheritdoc/>
    public override IReadOnlyList<ParameterSpec> Parameters(IReadOnlyList<Shape> inputs)
    {
        int[] channels = [inputs[0].Channels];
        var weight = new ParameterSpec("weight", channels, Initial: 1);
        return HasBias ? [weight, new("bias", channels)] : [weight];
    }
}

/// <summary>The fluent face of <see cref="Framework.Scale"/>.</summary>
public static class ScaleNotation
{
    extension(Node x)
    {
        /// <summary>A learned factor and shift for each channel.</summary>
        public Node Scale(string name, bool bias = true) => new(name, new Scale(bias), x);
    }
}

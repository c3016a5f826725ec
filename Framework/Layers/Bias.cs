namespace EvenNet.Framework;

/// <summary>y[c] = x[c] + bias[c] for each channel, with a bias that is learned.</summary>
public sealed record Bias : Layer
{
    /// <inheritdoc/>
    public override Shape Infer(IReadOnlyList<Shape> inputs) => One(inputs);

    /// <inheritdoc/>
    public override IReadOnlyList<ParameterSpec> Parameters(IReadOnlyList<Shape> inputs) => [new("bias", [inputs[0].Channels])];
}

/// <summary>The fluent face of <see cref="Framework.Bias"/>.</summary>
public static class BiasNotation
{
    extension(Node x)
    {
        /// <summary>A learned shift for each channel.</summary>
        public Node Bias(string name) => new(name, new Bias(), x);
    }
}

namespace EvenNet.Framework;

/// <summary>y[n,o] = s · (b[o] + Σ_i w[o,i] · x[n,i]) where i runs over all channels, rows and columns of x in that order.</summary>
public sealed record InnerProduct(int Outputs) : Layer, IAffine
{
    /// <inheritdoc/>
    public int Groups => 1;

    /// <inheritdoc/>
    public bool HasBias { get; init; } = true;

    /// <inheritdoc/>
    public override Shape Infer(IReadOnlyList<Shape> inputs)
    {
        _ = One(inputs);
        RequirePositive("outputs", Outputs);
        return new Shape(Outputs);
    }

    /// <inheritdoc/>
    public override IReadOnlyList<ParameterSpec> Parameters(IReadOnlyList<Shape> inputs) => AffineParameters.Of([Outputs, inputs[0].Count], HasBias);

    /// <inheritdoc/>
    public override long MultiplyAdds(IReadOnlyList<Shape> inputs, Shape output) => (long)output.Count * inputs[0].Count;
}

/// <summary>The fluent face of <see cref="Framework.InnerProduct"/>.</summary>
public static class InnerProductNotation
{
    extension(Node x)
    {
        /// <summary>A fully connected layer.</summary>
        public Node InnerProduct(string name, int outputs, bool bias = true, Node? sharedWith = null) =>
            new(name, new InnerProduct(outputs) { HasBias = bias, SharedWith = sharedWith }, x);
    }
}

namespace EvenNet.Framework;

/// <summary>y[n,o] = s · (b[o] + Σ_i w[o,i] · x[n,i]) where i runs over all channels, rows and columns of x in that order.</summary>
public sealed record InnerProduct(int Outputs) : Layer, IAffine
{
    /// <inheritdoc/>
    public int Groups => 1;

    /// <inheritdoc/>
    public bool HasBias { get; init; } = true;

    /// <summary>Factor on the solver's decay of the weight; the bias has none.</summary>
    public float Decay { get; init; } = 1;

    /// <summary>Factor on the solver's rate for the bias: two in Caffe's nets.</summary>
    public float BiasRate { get; init; } = 2;

    /// <inheritdoc/>
    public override Shape Infer(IReadOnlyList<Shape> inputs)
    {
        _ = One(inputs);
        RequirePositive("outputs", Outputs);
        return new Shape(Outputs);
    }

    /// <inheritdoc/>
    public override IReadOnlyList<ParameterSpec> Parameters(IReadOnlyList<Shape> inputs) => AffineParameters.Of([Outputs, inputs[0].Count], HasBias, Decay, BiasRate);

    /// <inheritdoc/>
    public override long MultiplyAdds(IReadOnlyList<Shape> inputs, Shape output) => (long)output.Count * inputs[0].Count;
}

/// <summary>The fluent face of <see cref="Framework.InnerProduct"/>.</summary>
public static class InnerProductNotation
{
    extension(Node x)
    {
        /// <summary>A fully connected layer. decay: factor on the weight's decay; biasRate: on the bias's rate.</summary>
        public Node InnerProduct(string name, int outputs, bool bias = true, Node? sharedWith = null, float decay = 1, float biasRate = 2) =>
            new(name, new InnerProduct(outputs) { HasBias = bias, SharedWith = sharedWith, Decay = decay, BiasRate = biasRate }, x);
    }
}

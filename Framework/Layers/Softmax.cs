namespace EvenNet.Framework;

/// <summary>y[c] = exp(x[c]) / Σ exp(x[j]) over the channels, at every position.</summary>
public sealed record Softmax : Layer
{
    /// <inheritdoc/>
    public override bool IsHomogeneous => false;

    /// <inheritdoc/>
    public override Shape Infer(IReadOnlyList<Shape> inputs) => One(inputs);
}

/// <summary>The fluent face of <see cref="Framework.Softmax"/>.</summary>
public static class SoftmaxNotation
{
    extension(Node x)
    {
        /// <summary>Softmax over the channels.</summary>
        public Node Softmax(string name) => new(name, new Softmax(), x);
    }
}

namespace EvenNet.Framework;

/// <summary>y = 1 / (1 + e⁻ˣ).</summary>
public sealed record Sigmoid : Layer
{
    /// <inheritdoc/>
    public override bool IsHomogeneous => false;

    /// <inheritdoc/>
    public override Shape Infer(IReadOnlyList<Shape> inputs) => One(inputs);
}

/// <summary>The fluent face of <see cref="Framework.Sigmoid"/>.</summary>
public static class SigmoidNotation
{
    extension(Node x)
    {
        /// <summary>A logistic sigmoid, named after its input.</summary>
        public Node Sigmoid() => new($"{x.Name}/sigmoid", new Sigmoid(), x);
    }
}

namespace EvenNet.Framework;

/// <summary>y = ln(1 + eˣ): a smooth rectifier.</summary>
public sealed record Softplus : Layer
{
    /// <inheritdoc/>
    public override bool IsHomogeneous => false;

    /// <inheritdoc/>
    public override Shape Infer(IReadOnlyList<Shape> inputs) => One(inputs);
}

/// <summary>The fluent face of <see cref="Framework.Softplus"/>.</summary>
public static class SoftplusNotation
{
    extension(Node x)
    {
        /// <summary>A smooth rectifier.</summary>
        public Node Softplus(string name) => new(name, new Softplus(), x);
    }
}

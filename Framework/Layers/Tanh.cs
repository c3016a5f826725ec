namespace EvenNet.Framework;

/// <summary>y = tanh(x).</summary>
public sealed record Tanh : Layer
{
    /// <inheritdoc/>
    public override bool IsHomogeneous => false;

    /// <inheritdoc/>
    public override Shape Infer(IReadOnlyList<Shape> inputs) => One(inputs);
}

/// <summary>The fluent face of <see cref="Framework.Tanh"/>.</summary>
public static class TanhNotation
{
    extension(Node x)
    {
        /// <summary>A hyperbolic tangent, named after its input.</summary>
        public Node Tanh() => new($"{x.Name}/tanh", new Tanh(), x);
    }
}

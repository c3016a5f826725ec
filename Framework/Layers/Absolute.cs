namespace EvenNet.Framework;

/// <summary>y = |x|. The gradient at zero is zero.</summary>
public sealed record Absolute : Layer
{
    /// <inheritdoc/>
    public override Shape Infer(IReadOnlyList<Shape> inputs) => One(inputs);
}

/// <summary>The fluent face of <see cref="Framework.Absolute"/>.</summary>
public static class AbsoluteNotation
{
    extension(Node x)
    {
        /// <summary>The magnitude.</summary>
        public Node Absolute(string name) => new(name, new Absolute(), x);
    }
}

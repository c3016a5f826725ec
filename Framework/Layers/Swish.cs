namespace EvenNet.Framework;

/// <summary>y = x · σ(βx) (Ramachandran et al. 2017, §2).</summary>
public sealed record Swish(float Beta = 1) : Layer
{
    /// <inheritdoc/>
    public override bool IsHomogeneous => false;

    /// <inheritdoc/>
    public override Shape Infer(IReadOnlyList<Shape> inputs) => One(inputs);
}

/// <summary>The fluent face of <see cref="Framework.Swish"/>.</summary>
public static class SwishNotation
{
    extension(Node x)
    {
        /// <summary>x · σ(βx).</summary>
        public Node Swish(string name, float beta = 1) => new(name, new Swish(beta), x);
    }
}

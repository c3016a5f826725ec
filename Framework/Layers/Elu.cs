namespace EvenNet.Framework;

/// <summary>y = x where x is positive, else α · (eˣ − 1): an exponential linear unit (Clevert et al. 2016). The gradient at zero is α.</summary>
/// <param name="Alpha">α: −α is what very negative values tend to; not negative.</param>
public sealed record Elu(float Alpha = 1) : Layer
{
    /// <inheritdoc/>
    public override bool IsHomogeneous => false;

    /// <inheritdoc/>
    public override Shape Infer(IReadOnlyList<Shape> inputs) => Alpha >= 0 ? One(inputs) : throw Invalid($"alpha must not be negative, got {Alpha}");
}

/// <summary>The fluent face of <see cref="Framework.Elu"/>.</summary>
public static class EluNotation
{
    extension(Node x)
    {
        /// <summary>An exponential linear unit, named after its input.</summary>
        public Node Elu(float alpha = 1) => new($"{x.Name}/elu", new Elu(alpha), x);
    }
}

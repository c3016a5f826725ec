namespace EvenNet.Framework;

/// <summary>y = base^(shift + factor · x); a base of 0 means e.</summary>
public sealed record Exponential(float Base = 0, float Factor = 1, float Shift = 0) : Layer
{
    /// <summary>The base's natural logarithm.</summary>
    public double LogBase => Base == 0 ? 1 : Math.Log(Base);

    /// <inheritdoc/>
    public override bool IsHomogeneous => false;

    /// <inheritdoc/>
    public override Shape Infer(IReadOnlyList<Shape> inputs) => Base >= 0 ? One(inputs) : throw Invalid($"base must be positive, or 0 for e, got {Base}");
}

/// <summary>The fluent face of <see cref="Framework.Exponential"/>.</summary>
public static class ExponentialNotation
{
    extension(Node x)
    {
        /// <summary>A power of a base.</summary>
        public Node Exponential(string name, float @base = 0, float factor = 1, float shift = 0) => new(name, new Exponential(@base, factor, shift), x);
    }
}

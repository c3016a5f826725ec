namespace EvenNet.Framework;

/// <summary>y = log(shift + factor · x) to a base; a base of 0 means e.</summary>
public sealed record Logarithm(float Base = 0, float Factor = 1, float Shift = 0) : Layer
{
    /// <summary>The base's natural logarithm.</summary>
    public double LogBase => Base == 0 ? 1 : Math.Log(Base);

    /// <inheritdoc/>
    public override bool IsHomogeneous => false;

    /// <inheritdoc/>
    public override Shape Infer(IReadOnlyList<Shape> inputs) => Base >= 0 && Base != 1 ? One(inputs) : throw Invalid($"base must be positive and not 1, or 0 for e, got {Base}");
}

/// <summary>The fluent face of <see cref="Framework.Logarithm"/>.</summary>
public static class LogarithmNotation
{
    extension(Node x)
    {
        /// <summary>A logarithm of a multiple.</summary>
        public Node Logarithm(string name, float @base = 0, float factor = 1, float shift = 0) => new(name, new Logarithm(@base, factor, shift), x);
    }
}

namespace EvenNet.Framework;

/// <summary>y = 1 where x exceeds the level, else 0. The gradient is zero.</summary>
public sealed record Threshold(float Level = 0) : Layer
{
    /// <inheritdoc/>
    public override bool IsHomogeneous => false;

    /// <inheritdoc/>
    public override Shape Infer(IReadOnlyList<Shape> inputs) => One(inputs);
}

/// <summary>The fluent face of <see cref="Framework.Threshold"/>.</summary>
public static class ThresholdNotation
{
    extension(Node x)
    {
        /// <summary>1 where the level is exceeded, else 0.</summary>
        public Node Threshold(string name, float level = 0) => new(name, new Threshold(level), x);
    }
}

namespace EvenNet.Framework;

/// <summary>
/// Local response normalisation within a channel: y = x · (1 + α · a)^−β, where a is the sum of squares over the size × size window
/// around the position, zeros beyond the border, divided by size².
/// </summary>
public sealed record LrnWithin(int Size = 5, float Alpha = 1, float Beta = 0.75f) : Layer
{
    /// <inheritdoc/>
    public override Shape Infer(IReadOnlyList<Shape> inputs) => Size > 0 && Size % 2 == 1 ? One(inputs) : throw Invalid($"size must be odd, got {Size}");
}

/// <summary>The fluent face of <see cref="Framework.LrnWithin"/>.</summary>
public static class LrnWithinNotation
{
    extension(Node x)
    {
        /// <summary>Local response normalisation within a channel.</summary>
        public Node LrnWithin(string name, int size = 5, float alpha = 1, float beta = 0.75f) => new(name, new LrnWithin(size, alpha, beta), x);
    }
}

namespace EvenNet.Framework;

/// <summary>The same values in the same order under another size.</summary>
/// <param name="To">The output's size, with as many values.</param>
public sealed record Reshape(Shape To) : Layer
{
    /// <inheritdoc/>
    public override Shape Infer(IReadOnlyList<Shape> inputs)
    {
        Shape x = One(inputs);
        if (To is not { Channels: > 0, Height: > 0, Width: > 0 }) throw Invalid($"sizes must be positive, got {To.Channels}×{To.Height}×{To.Width}");
        return x.Count == To.Count ? To : throw Invalid($"{x} is {x.Count} values, {To} is {To.Count}");
    }
}

/// <summary>The fluent face of <see cref="Framework.Reshape"/>.</summary>
public static class ReshapeNotation
{
    extension(Node x)
    {
        /// <summary>The same values under another size.</summary>
        public Node Reshape(string name, int channels, int height = 1, int width = 1) => new(name, new Reshape(new Shape(channels, height, width)), x);

        /// <summary>All values as channels.</summary>
        public Node Flatten(string name) => x.Reshape(name, x.Shape.Count);
    }
}

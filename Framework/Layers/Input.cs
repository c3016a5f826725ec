namespace EvenNet.Framework;

/// <summary>A value that comes from outside.</summary>
public sealed record Input(Shape Size) : Layer
{
    /// <inheritdoc/>
    public override Shape Infer(IReadOnlyList<Shape> inputs) =>
        Size is { Channels: > 0, Height: > 0, Width: > 0 } ? Size : throw Invalid($"sizes must be positive, got {Size.Channels}×{Size.Height}×{Size.Width}");
}

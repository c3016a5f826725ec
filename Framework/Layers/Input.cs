namespace EvenNet.Framework;

/// <summary>A value that comes from outside.</summary>
public sealed record Input(Shape Size) : Layer
{
    /// <summary>Samples for each of the batch: more than one for what is given of regions of a picture.</summary>
    public int Multiplicity { get; init; } = 1;

    /// <inheritdoc/>
    public override int InferMultiplicity(IReadOnlyList<int> inputs) =>
        Multiplicity > 0 ? Multiplicity : throw Invalid($"samples a picture must be positive, got {Multiplicity}");

    /// <inheritdoc/>
    public override Shape Infer(IReadOnlyList<Shape> inputs) =>
        Size is { Channels: > 0, Height: > 0, Width: > 0 } ? Size : throw Invalid($"sizes must be positive, got {Size.Channels}×{Size.Height}×{Size.Width}");
}

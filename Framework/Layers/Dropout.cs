namespace EvenNet.Framework;

/// <summary>
/// In training each value is kept with probability 1 − rate and multiplied by 1 / (1 − rate), else zero; in testing nothing happens.
/// A fresh mask is drawn at every forward pass in training.
/// </summary>
public sealed record Dropout(float Rate = 0.5f) : Layer
{
    /// <inheritdoc/>
    public override Shape Infer(IReadOnlyList<Shape> inputs) => Rate is >= 0 and < 1 ? One(inputs) : throw Invalid($"rate must lie in [0, 1), got {Rate}");

    /// <summary>
    /// Whether an element is kept: the same on every backend. <paramref name="seed"/> and <paramref name="stream"/> are the place's
    /// <see cref="Bindings.Random"/>, <paramref name="draw"/> counts its forward passes in training from 0, and <paramref name="element"/>
    /// counts in logical order, samples × channels × height × width.
    /// </summary>
    public bool Keeps(ulong seed, uint stream, uint draw, long element) =>
        Philox.UniformBits(seed, stream, draw, (ulong)element) >= Philox.Threshold(Rate);
}

/// <summary>The fluent face of <see cref="Framework.Dropout"/>.</summary>
public static class DropoutNotation
{
    extension(Node x)
    {
        /// <summary>Dropout, named after its input.</summary>
        public Node Dropout(float rate = 0.5f) => new($"{x.Name}/drop", new Dropout(rate), x);
    }
}

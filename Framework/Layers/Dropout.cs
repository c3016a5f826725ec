namespace EvenNet.Framework;

/// <summary>
/// In training each value is kept with probability 1 − rate and multiplied by 1 / (1 − rate), else zero; in testing nothing happens.
/// A fresh mask is drawn at every forward pass.
/// </summary>
public sealed record Dropout(float Rate = 0.5f) : Layer
{
    /// <inheritdoc/>
    public override Shape Infer(IReadOnlyList<Shape> inputs) => Rate is >= 0 and < 1 ? One(inputs) : throw Invalid($"rate must lie in [0, 1), got {Rate}");
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

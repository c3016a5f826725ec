namespace EvenNet.Framework;

/// <summary>y = x held between two bounds. The gradient is zero beyond them.</summary>
public sealed record Clip(float Least, float Most) : Layer
{
    /// <inheritdoc/>
    public override bool IsHomogeneous => false;

    /// <inheritdoc/>
    public override Shape Infer(IReadOnlyList<Shape> inputs) => Least <= Most ? One(inputs) : throw Invalid($"least must not exceed most, got {Least} and {Most}");
}

/// <summary>The fluent face of <see cref="Framework.Clip"/>.</summary>
public static class ClipNotation
{
    extension(Node x)
    {
        /// <summary>Holds values between two bounds.</summary>
        public Node Clip(string name, float least, float most) => new(name, new Clip(least, most), x);
    }
}

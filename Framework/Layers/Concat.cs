namespace EvenNet.Framework;

/// <summary>The inputs' channels one after the other; heights and widths must agree.</summary>
public sealed record Concat : Layer
{
    /// <inheritdoc/>
    public override Shape Infer(IReadOnlyList<Shape> inputs)
    {
        if (inputs.Count == 0) throw Invalid("takes at least one input, got 0");
        return inputs.All(s => s.Height == inputs[0].Height && s.Width == inputs[0].Width)
            ? inputs[0] with { Channels = inputs.Sum(s => s.Channels) }
            : throw Invalid($"inputs differ in height or width: {string.Join(", ", inputs)}");
    }
}

/// <summary>The fluent face of <see cref="Framework.Concat"/>.</summary>
public static class ConcatNotation
{
    extension(Node)
    {
        /// <summary>The parts' channels one after the other.</summary>
        public static Node Concat(string name, params IReadOnlyList<Node> parts) => new(name, new Concat(), parts);
    }
}

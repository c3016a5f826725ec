namespace EvenNet.Framework;

/// <summary>y = x where x is positive, else slope · x. The gradient at zero takes the slope.</summary>
public sealed record Relu(float Slope = 0) : Layer
{
    /// <inheritdoc/>
    public override Shape Infer(IReadOnlyList<Shape> inputs) => One(inputs);
}

/// <summary>The fluent face of <see cref="Framework.Relu"/>.</summary>
public static class ReluNotation
{
    extension(Node x)
    {
        /// <summary>A rectifier, named after its input.</summary>
        public Node Relu(float slope = 0) => new($"{x.Name}/relu", new Relu(slope), x);
    }
}

namespace EvenNet.Framework;

/// <summary>½ Σ (a − b)² / batch. The value of a sample is its share of the loss, times the weight.</summary>
public sealed record EuclideanLoss(float Weight = 1) : Layer, ILoss
{
    /// <inheritdoc/>
    public override Shape Infer(IReadOnlyList<Shape> inputs)
    {
        if (inputs.Count != 2) throw Invalid($"takes two inputs, got {inputs.Count}");
        return inputs[0].Count == inputs[1].Count ? new Shape(1) : throw Invalid($"inputs differ in size: {inputs[0]}, {inputs[1]}");
    }
}

/// <summary>The fluent face of <see cref="Framework.EuclideanLoss"/>.</summary>
public static class EuclideanLossNotation
{
    extension(Node x)
    {
        /// <summary>Half the mean square distance to targets.</summary>
        public Node EuclideanLoss(Node targets, string name = "loss", float weight = 1) => new(name, new EuclideanLoss(weight), x, targets);
    }
}

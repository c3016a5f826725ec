namespace EvenNet.Framework;

/// <summary>
/// Of pairs (Hadsell et al. 2006, §2.1; here summed and halved as in Caffe): with d = ‖a − b‖ over a sample, d² where the pair's label is not 0 and says that
/// both are alike, else max(margin − d, 0)². The value of a sample is its share of the loss, times the weight: weight / (2 · batch) of that.
/// </summary>
public sealed record ContrastiveLoss(float Margin = 1, float Weight = 1) : Layer, ILoss
{
    /// <summary>Whether pairs that are not alike cost max(margin − d², 0) instead: Caffe's first version.</summary>
    public bool OfSquares { get; init; }

    /// <inheritdoc/>
    public override Shape Infer(IReadOnlyList<Shape> inputs)
    {
        if (inputs.Count != 3) throw Invalid($"takes two values and a label of their being alike, got {inputs.Count} inputs");
        if (inputs[0].Count != inputs[1].Count) throw Invalid($"the two of a pair differ in size: {inputs[0]}, {inputs[1]}");
        return inputs[2].Count == 1 ? new Shape(1) : throw Invalid($"a pair has one label, got {inputs[2]}");
    }

    /// <inheritdoc/>
    public override bool IsDifferentiable(int input) => input < 2;
}

/// <summary>The fluent face of <see cref="Framework.ContrastiveLoss"/>.</summary>
public static class ContrastiveLossNotation
{
    extension(Node x)
    {
        /// <summary>Brings the two of a pair together where they are alike, and a margin apart where they are not.</summary>
        public Node ContrastiveLoss(Node other, Node labels, string name = "loss", float margin = 1, float weight = 1) => new(name, new ContrastiveLoss(margin, weight), x, other, labels);
    }
}

namespace EvenNet.Framework;

/// <summary>
/// Σ outside · f(inside · (prediction − target)) / batch with f(d) = ½ (σ d)² where |d| &lt; 1/σ², else |d| − ½/σ² (Girshick 2015, eq. 3; σ is 1 there).
/// Inputs: predictions and targets; then, or not at all, inside and outside weights, all of one size. The value of a sample is its share of the loss, times
/// the weight. The batch counts all samples: where some are not there, outside weights make up for them.
/// </summary>
public sealed record SmoothL1Loss(float Weight = 1, float Sigma = 1) : Layer, ILoss
{
    /// <inheritdoc/>
    public override Shape Infer(IReadOnlyList<Shape> inputs)
    {
        if (inputs.Count is not (2 or 4)) throw Invalid($"takes predictions and targets, and inside and outside weights or neither; got {inputs.Count} inputs");
        if (!(Sigma > 0)) throw Invalid($"sigma must be positive, got {Sigma}");
        return inputs.All(i => i.Count == inputs[0].Count) ? new Shape(1) : throw Invalid($"inputs differ in size: {string.Join(", ", inputs)}");
    }

    /// <inheritdoc/>
    public override bool IsDifferentiable(int input) => input < 2;

    /// <summary>f(d).</summary>
    public double Value(double d)
    {
        double square = (double)Sigma * Sigma, size = Math.Abs(d);
        return size < 1 / square ? 0.5 * square * d * d : size - 0.5 / square;
    }

    /// <summary>f′(d).</summary>
    public double Slope(double d)
    {
        double square = (double)Sigma * Sigma;
        return Math.Abs(d) < 1 / square ? square * d : Math.Sign(d);
    }
}

/// <summary>The fluent face of <see cref="Framework.SmoothL1Loss"/>.</summary>
public static class SmoothL1LossNotation
{
    extension(Node predictions)
    {
        /// <summary>Distance to targets, square where it is small.</summary>
        public Node SmoothL1Loss(Node targets, string name = "loss", float weight = 1, float sigma = 1) =>
            new(name, new SmoothL1Loss(weight, sigma), predictions, targets);

        /// <summary>The same with weights inside and outside the distance.</summary>
        public Node SmoothL1Loss(Node targets, Node inside, Node outside, string name = "loss", float weight = 1, float sigma = 1) =>
            new(name, new SmoothL1Loss(weight, sigma), predictions, targets, inside, outside);
    }
}

namespace EvenNet.Framework;

/// <summary>
/// Σ max(x, 0) − x·t + ln(1 + e^−|x|) over all scores whose target t is not <see cref="IgnoreLabel"/>. The value of a sample is its share of
/// the loss: weight · Σ / normaliser. By default the divisor is the number of images, not of images × classes.
/// </summary>
public sealed record SigmoidCrossEntropy(float Weight = 1, float? IgnoreLabel = null, LossNormalization Normalization = LossNormalization.BatchSize) : Layer, ILoss
{
    /// <inheritdoc/>
    public override Shape Infer(IReadOnlyList<Shape> inputs)
    {
        if (inputs.Count != 2) throw Invalid($"takes scores and labels, got {inputs.Count} inputs");
        return inputs[0].Count == inputs[1].Count ? new Shape(1) : throw Invalid($"{inputs[0].Count} scores but {inputs[1].Count} labels");
    }

    /// <inheritdoc/>
    public override bool IsDifferentiable(int input) => input == 0;
}

/// <summary>The fluent face of <see cref="Framework.SigmoidCrossEntropy"/>.</summary>
public static class SigmoidCrossEntropyNotation
{
    extension(Node scores)
    {
        /// <summary>Sigmoid cross-entropy against targets in [0, 1], one for each score.</summary>
        public Node SigmoidCrossEntropy(
            Node labels, string name = "loss", float weight = 1, float? ignoreLabel = null, LossNormalization normalization = LossNormalization.BatchSize) =>
            new(name, new SigmoidCrossEntropy(weight, ignoreLabel, normalization), scores, labels);
    }
}

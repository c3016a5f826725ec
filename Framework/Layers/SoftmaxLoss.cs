namespace EvenNet.Framework;

/// <summary>
/// −ln softmax(scores)[label] at every position, probabilities held above the smallest normal float. Scores: C×H×W; labels: 1×H×W, whole
/// numbers in 0 … C − 1 or <see cref="IgnoreLabel"/>. The value of a sample is its share of the loss: weight · Σ / normaliser.
/// </summary>
public sealed record SoftmaxLoss(float Weight = 1, int? IgnoreLabel = null, LossNormalization Normalization = LossNormalization.Valid) : Layer, ILoss
{
    /// <inheritdoc/>
    public override Shape Infer(IReadOnlyList<Shape> inputs)
    {
        if (inputs.Count != 2) throw Invalid($"takes scores and labels, got {inputs.Count} inputs");
        return inputs[1] == new Shape(1, inputs[0].Height, inputs[0].Width)
            ? new Shape(1)
            : throw Invalid($"scores of {inputs[0].Height}×{inputs[0].Width} positions need labels of 1×{inputs[0].Height}×{inputs[0].Width}, got {inputs[1]}");
    }

    /// <inheritdoc/>
    public override bool IsDifferentiable(int input) => input == 0;

    /// <summary>The class that a label of sample <paramref name="sample"/> names, or null where it is ignored.</summary>
    /// <exception cref="LayerException">It names none of the classes.</exception>
    public int? Class(double label, int classes, int sample)
    {
        if (label == IgnoreLabel) return null;
        return label >= 0 && label < classes && label == Math.Floor(label)
            ? (int)label
            : throw Invalid($"sample {sample} has the label {label}, but the {classes} scores are for classes 0 … {classes - 1}"
                + (IgnoreLabel is { } ignore ? $"; only {ignore} is ignored" : "; give an ignoreLabel to leave labels out"));
    }
}

/// <summary>The fluent face of <see cref="Framework.SoftmaxLoss"/>.</summary>
public static class SoftmaxLossNotation
{
    extension(Node scores)
    {
        /// <summary>Softmax cross-entropy against class numbers.</summary>
        public Node SoftmaxLoss(
            Node labels, string name = "loss", float weight = 1, int? ignoreLabel = null, LossNormalization normalization = LossNormalization.Valid) =>
            new(name, new SoftmaxLoss(weight, ignoreLabel, normalization), scores, labels);
    }
}

namespace EvenNet.Framework;

/// <summary>
/// Batch normalization without scale and shift (Ioffe and Szegedy 2015, Algorithm 1, as Caffe splits it): y = (x − μ) / √(σ² + ε) for each channel. In
/// training μ and σ² are the batch's mean and variance (population) over samples and positions, and running sums take them up:
/// mean_sum ← λ · mean_sum + μ, variance_sum ← λ · variance_sum + σ² · m / (m − 1) for m values a channel, count ← λ · count + 1. In testing
/// μ = mean_sum / count and σ² = variance_sum / count, zero where nothing was counted. A <see cref="Framework.Scale"/> usually follows.
/// </summary>
/// <param name="Epsilon">ε.</param>
/// <param name="Fraction">λ: how slowly the running sums forget.</param>
public sealed record BatchNorm(float Epsilon = 1e-5f, float Fraction = 0.999f) : Layer
{
    /// <inheritdoc/>
    public override Shape Infer(IReadOnlyList<Shape> inputs)
    {
        if (!(Epsilon > 0)) throw Invalid($"epsilon must be positive, got {Epsilon}");
        return Fraction is >= 0 and <= 1 ? One(inputs) : throw Invalid($"fraction must lie in [0, 1], got {Fraction}");
    }

    /// <inheritdoc/>
    public override IReadOnlyList<ParameterSpec> Parameters(IReadOnlyList<Shape> inputs) =>
        [Frozen("mean_sum", inputs[0].Channels), Frozen("variance_sum", inputs[0].Channels), Frozen("count", 1)];

    private static ParameterSpec Frozen(string name, int count) => new(name, [count], LearningRate: 0, Decay: 0);
}

/// <summary>The fluent face of <see cref="Framework.BatchNorm"/>.</summary>
public static class BatchNormNotation
{
    extension(Node x)
    {
        /// <summary>Batch normalization without scale and shift.</summary>
        public Node BatchNorm(string name, float epsilon = 1e-5f, float fraction = 0.999f) => new(name, new BatchNorm(epsilon, fraction), x);
    }
}

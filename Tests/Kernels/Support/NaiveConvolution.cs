using EvenNet.Kernels.Cpu;

namespace EvenNet.Tests.Kernels;

/// <summary>What the passes of a convolution left behind, in logical order; gradients were added to <see cref="Before"/>.</summary>
internal sealed record Passes(float[] Y, float[]? DInput, float[] DWeight, float[] DBias)
{
    public const float Before = 0.25f;

    public void CheckSameBits(Passes other, string because)
    {
        Assert.That(Y.AsSpan().SequenceEqual(other.Y), $"y: {because}");
        Assert.That(DInput.AsSpan().SequenceEqual(other.DInput), $"dx: {because}");
        Assert.That(DWeight.AsSpan().SequenceEqual(other.DWeight), $"dWeight: {because}");
        Assert.That(DBias.AsSpan().SequenceEqual(other.DBias), $"dBias: {because}");
    }
}

/// <summary>A convolution of random numbers and all its gradients by loops in double.</summary>
internal sealed class NaiveConvolution
{
    private readonly double[] y, dx, dWeight, dBias;

    public NaiveConvolution(ConvolutionShape shape, int seed)
    {
        Shape = shape;
        var random = new Random(seed);
        float[] Numbers(int count) => [.. Enumerable.Range(0, count).Select(_ => random.NextSingle() - 0.5f)];
        X = Numbers(shape.Batch * shape.Inputs * shape.Height * shape.Width);
        Weight = Numbers(shape.Outputs * shape.FanIn);
        Bias = Numbers(shape.Outputs);
        DOutput = Numbers(shape.Batch * shape.Outputs * shape.OutputHeight * shape.OutputWidth);
        (y, dx, dWeight, dBias) = (new double[DOutput.Length], new double[X.Length], new double[Weight.Length], new double[Bias.Length]);
        Compute();
    }

    public ConvolutionShape Shape { get; }

    public float[] X { get; }

    public float[] Weight { get; }

    public float[] Bias { get; }

    public float[] DOutput { get; }

    public void Check(Passes passes, string because)
    {
        Compare("y", passes.Y, y, 0, because);
        if (passes.DInput is not null) Compare("dx", passes.DInput, dx, 0, because);
        Compare("dWeight", passes.DWeight, dWeight, Passes.Before, because);
        Compare("dBias", passes.DBias, dBias, Passes.Before, because);
    }

    /// <summary>Largest errors of y, dx and dWeight, relative to the root mean square of what they should be.</summary>
    public double[] Errors(Passes passes)
    {
        static double Error(float[] actual, double[] expected, double before) =>
            actual.Select((v, i) => Math.Abs(v - (expected[i] + before))).Max() / Math.Sqrt(expected.Average(e => e * e));
        return [Error(passes.Y, y, 0), Error(passes.DInput!, dx, 0), Error(passes.DWeight, dWeight, Passes.Before)];
    }

    // Within 1e-5 of the largest: sums of up to 4608 products in float32 stay under 3e-6 of it, a missing product would not.
    private static void Compare(string name, float[] actual, double[] expected, double before, string because)
    {
        double largest = expected.Max(Math.Abs), worst = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            double error = Math.Abs(actual[i] - (expected[i] + before));
            if (!(error <= worst)) worst = error;
        }
        Assert.That(worst, Is.LessThan(1e-5 * Math.Max(largest, before)), $"{name}, {because}");
    }

    private void Compute()
    {
        ConvolutionShape s = Shape;
        int height = s.OutputHeight, width = s.OutputWidth, perGroup = s.Inputs / s.Groups;
        for (int n = 0; n < s.Batch; n++)
            for (int o = 0; o < s.Outputs; o++)
                for (int p = 0; p < height; p++)
                    for (int q = 0; q < width; q++)
                    {
                        int at = ((n * s.Outputs + o) * height + p) * width + q;
                        double sum = Bias[o], gradient = DOutput[at];
                        dBias[o] += gradient;
                        for (int c = 0; c < perGroup; c++)
                            for (int r = 0; r < s.KernelHeight; r++)
                            {
                                int h = p * s.StrideHeight - s.PadHeight + r * s.DilationHeight;
                                if (h < 0 || h >= s.Height) continue;
                                int row = ((n * s.Inputs + o / (s.Outputs / s.Groups) * perGroup + c) * s.Height + h) * s.Width;
                                int weights = ((o * perGroup + c) * s.KernelHeight + r) * s.KernelWidth;
                                for (int k = 0; k < s.KernelWidth; k++)
                                {
                                    int w = q * s.StrideWidth - s.PadWidth + k * s.DilationWidth;
                                    if (w < 0 || w >= s.Width) continue;
                                    sum += (double)X[row + w] * Weight[weights + k];
                                    dx[row + w] += gradient * Weight[weights + k];
                                    dWeight[weights + k] += gradient * X[row + w];
                                }
                            }
                        y[at] = sum;
                    }
    }
}

namespace EvenNet.Framework;

/// <summary>The losses of one sample's scores, as <see cref="SigmoidCrossEntropy"/> and <see cref="SoftmaxLoss"/> define them, on the host.</summary>
internal static class SampleLoss
{
    /// <summary>Σ max(x, 0) − x·t + ln(1 + e^−|x|) over the labels that are not ignored.</summary>
    public static double Sigmoid(ReadOnlySpan<float> scores, ReadOnlySpan<float> labels)
    {
        double sum = 0;
        for (int c = 0; c < scores.Length; c++)
        {
            double x = scores[c];
            if (labels[c] != Dataset.Ignored) sum += Math.Max(x, 0) - x * labels[c] + Math.Log(1 + Math.Exp(-Math.Abs(x)));
        }
        return sum;
    }

    /// <summary>−ln softmax(scores)[label].</summary>
    public static double Softmax(ReadOnlySpan<float> scores, int label)
    {
        double largest = Largest(scores), sum = 0;
        foreach (float x in scores) sum += Math.Exp(x - largest);
        return Math.Log(sum) - (scores[label] - largest);
    }

    /// <summary>Replaces scores by their softmax.</summary>
    public static void ToProbabilities(Span<float> scores)
    {
        double largest = Largest(scores), sum = 0;
        foreach (float x in scores) sum += Math.Exp(x - largest);
        foreach (ref float x in scores) x = (float)(Math.Exp(x - largest) / sum);
    }

    private static double Largest(ReadOnlySpan<float> scores)
    {
        double largest = double.NegativeInfinity;
        foreach (float x in scores) largest = Math.Max(largest, x);
        return largest;
    }
}

using System.Numerics;

namespace EvenNet.Framework;

/// <summary>
/// Share of samples whose class is among those with the <paramref name="k"/> best scores. As Caffe counts, a tie is a miss: every other class with an equal
/// score stands before the sample's own. So does one whose score is not a number, and a sample whose own is none is missed.
/// </summary>
public sealed class TopAccuracy(int k = 1)
{
    /// <summary>How many best scores count.</summary>
    public int K { get; } = k >= 1 ? k : throw new ArgumentOutOfRangeException(nameof(k), $"at least the best score counts, got {k}");

    /// <summary>Samples judged.</summary>
    public int Count { get; private set; }

    /// <summary>Of those, the ones whose class was among the best.</summary>
    public int Correct { get; private set; }

    /// <summary>Correct over count; null before the first sample.</summary>
    public double? Value => Count > 0 ? (double)Correct / Count : null;

    /// <summary>Judges one sample, unless its label is <see cref="Dataset.Ignored"/>.</summary>
    /// <param name="scores">One a class.</param>
    /// <param name="label">The sample's class.</param>
    /// <exception cref="ArgumentException">The label is none of the classes.</exception>
    public void Add<T>(ReadOnlySpan<T> scores, int label) where T : struct, INumber<T>
    {
        if (label == (int)Dataset.Ignored) return;
        if (label < 0 || label >= scores.Length) throw new ArgumentException($"the label {label} is none of the classes 0 … {scores.Length - 1}", nameof(label));
        T own = scores[label];
        int before = 0;
        for (int c = 0; c < scores.Length; c++)
            if (c != label && !(scores[c] < own)) before++;
        // A score that is not a number is better than none, though there be fewer classes than places.
        if (before < K && !T.IsNaN(own)) Correct++;
        Count++;
    }
}

using System.Numerics;

namespace EvenNet.Framework;

/// <summary>How often samples of each class (rows) were taken for each class (columns).</summary>
public sealed class ConfusionMatrix
{
    private readonly long[,] counts;

    /// <summary>A matrix without samples.</summary>
    public ConfusionMatrix(IReadOnlyList<string> classes)
    {
        ArgumentOutOfRangeException.ThrowIfZero(classes.Count);
        (Classes, counts) = (classes, new long[classes.Count, classes.Count]);
    }

    /// <summary>The names.</summary>
    public IReadOnlyList<string> Classes { get; }

    /// <summary>Samples of class <paramref name="actual"/> taken for class <paramref name="predicted"/>.</summary>
    public long this[int actual, int predicted] => counts[actual, predicted];

    /// <summary>All samples.</summary>
    public long Count { get; private set; }

    /// <summary>Share of the diagonal; null before the first sample.</summary>
    public double? Accuracy
    {
        get
        {
            long right = 0;
            for (int c = 0; c < Classes.Count; c++) right += counts[c, c];
            return Share(right, Count);
        }
    }

    /// <summary>Mean of the classes' recall, however many samples each has; null before the first sample.</summary>
    public double? MeanRecall
    {
        get
        {
            double[] known = [.. Enumerable.Range(0, Classes.Count).Select(Recall).OfType<double>()];
            return known.Length > 0 ? known.Average() : null;
        }
    }

    /// <summary>Counts one sample, unless its label is <see cref="Dataset.Ignored"/>.</summary>
    /// <exception cref="ArgumentException">There is no such class.</exception>
    public void Add(int actual, int predicted)
    {
        if (actual == (int)Dataset.Ignored) return;
        Require(actual, nameof(actual));
        Require(predicted, nameof(predicted));
        counts[actual, predicted]++;
        Count++;
    }

    /// <summary>Counts one sample by its best score; the first of equal ones.</summary>
    /// <exception cref="ArgumentException">No such class, or another number of scores than of classes.</exception>
    public void Add<T>(ReadOnlySpan<T> scores, int actual) where T : struct, INumber<T>
    {
        if (scores.Length != Classes.Count) throw new ArgumentException($"{scores.Length} scores for {Classes.Count} classes", nameof(scores));
        Add(actual, Best(scores));
    }

    /// <summary>The class with the best score, the first of equal ones; a score that is not a number is the worst.</summary>
    public static int Best<T>(ReadOnlySpan<T> scores) where T : struct, INumber<T>
    {
        int best = 0;
        for (int c = 1; c < scores.Length; c++)
            if (scores[c] > scores[best] || T.IsNaN(scores[best]) && !T.IsNaN(scores[c])) best = c;
        return best;
    }

    /// <summary>Share of a class's samples that were taken for it; null where it has none.</summary>
    public double? Recall(int label) => Share(counts[label, label], Enumerable.Range(0, Classes.Count).Sum(c => counts[label, c]));

    /// <summary>Share of what was taken for a class that is of it; null where nothing was.</summary>
    public double? Precision(int label) => Share(counts[label, label], Enumerable.Range(0, Classes.Count).Sum(c => counts[c, label]));

    private static double? Share(long part, long whole) => whole > 0 ? (double)part / whole : null;

    private void Require(int label, string name)
    {
        if (label < 0 || label >= Classes.Count) throw new ArgumentException($"the label {label} is none of the classes 0 … {Classes.Count - 1}", name);
    }
}

namespace EvenNet.Framework;

/// <summary>
/// The judged samples of one class by falling score: its precision-recall curve. Among equal scores those that are not of the class come first, then the
/// order of the samples decides: a tie never helps, and the average precision does not depend on the samples' order.
/// </summary>
public sealed class Ranking
{
    private Ranking(IReadOnlyList<RankedSample> samples, int positives, int ignored) => (Samples, Positives, Ignored) = (samples, positives, ignored);

    /// <summary>Best first, without those that are ignored.</summary>
    public IReadOnlyList<RankedSample> Samples { get; }

    /// <summary>Samples of the class.</summary>
    public int Positives { get; }

    /// <summary>Judged samples that are not of the class.</summary>
    public int Negatives => Samples.Count(s => !s.IsPositive);

    /// <summary>Samples that are not judged: all their objects of the class are difficult.</summary>
    public int Ignored { get; }

    /// <summary>Ranks samples.</summary>
    /// <param name="scores">Of each sample; infinities have their place in the order.</param>
    /// <param name="labels">Of each sample: 1 of the class, 0 not, <see cref="Dataset.Ignored"/> not judged.</param>
    /// <exception cref="ArgumentException">Another number of labels than of scores, another label, or a judged score that is not a number.</exception>
    public static Ranking Of(ReadOnlySpan<double> scores, ReadOnlySpan<float> labels)
    {
        if (scores.Length != labels.Length) throw new ArgumentException($"{scores.Length} scores but {labels.Length} labels", nameof(labels));
        var judged = new List<(int Index, double Score, bool IsPositive)>(scores.Length);
        int positives = 0;
        for (int i = 0; i < scores.Length; i++)
        {
            if (labels[i] == Dataset.Ignored) continue;
            if (labels[i] is not (0 or 1)) throw new ArgumentException($"sample {i} has the label {labels[i]}; 1, 0 and {Dataset.Ignored} (ignored) are known", nameof(labels));
            if (double.IsNaN(scores[i])) throw new ArgumentException($"the score of sample {i} is not a number, so it has no place in a ranking", nameof(scores));
            judged.Add((i, scores[i], labels[i] == 1));
            if (labels[i] == 1) positives++;
        }
        judged.Sort(static (a, b) => b.Score.CompareTo(a.Score) is var byScore and not 0 ? byScore
            : a.IsPositive.CompareTo(b.IsPositive) is var byLabel and not 0 ? byLabel : a.Index.CompareTo(b.Index));
        var samples = new RankedSample[judged.Count];
        for (int r = 0, found = 0; r < samples.Length; r++)
        {
            (int index, double score, bool isPositive) = judged[r];
            samples[r] = new(index, score, isPositive, found += isPositive ? 1 : 0, r + 1, positives);
        }
        return new Ranking(samples, positives, scores.Length - samples.Length);
    }

    /// <summary>A ranking in which not all of the class need to be: what a detector found, of all objects there are.</summary>
    /// <param name="samples">Best first.</param>
    /// <param name="positives">Of the class, found or not.</param>
    /// <param name="ignored">Not judged.</param>
    /// <exception cref="ArgumentException">More are found than there are.</exception>
    public static Ranking Of(IReadOnlyList<RankedSample> samples, int positives, int ignored) => samples.Count(s => s.IsPositive) <= positives
        ? new Ranking(samples, positives, ignored)
        : throw new ArgumentException($"{samples.Count(s => s.IsPositive)} of {positives} are found", nameof(positives));

    /// <summary>The average precision, 0 … 1; null where the class has no positive, and nothing can be said.</summary>
    public double? AveragePrecision(AveragePrecisionRule rule)
    {
        if (Positives == 0) return null;
        return rule switch
        {
            AveragePrecisionRule.Voc11Point => ElevenPoints(),
            AveragePrecisionRule.Area => Mean(Envelope()),
            AveragePrecisionRule.Step => Mean(Samples.Where(s => s.IsPositive).Select(s => s.Precision)),
            _ => throw new ArgumentOutOfRangeException(nameof(rule), rule, "no such rule"),
        };
    }

    // Recall grows by one in Positives at each of them and nowhere else, so both areas are means over the positives.
    private double Mean(IEnumerable<double> precisions) => precisions.Sum() / Positives;

    // For the first, second, … positive the largest precision from there on, zero for those that are not in the ranking; precision falls between
    // positives, so only theirs matter.
    private double[] Envelope()
    {
        double[] precision = [.. Samples.Where(s => s.IsPositive).Select(s => s.Precision)];
        Array.Resize(ref precision, Positives);
        for (int i = precision.Length - 2; i >= 0; i--) precision[i] = Math.Max(precision[i], precision[i + 1]);
        return precision;
    }

    // «Recall is at least t / 10» is asked in whole numbers: 3 of 10 have reached 0.3, which the quotients would not agree on.
    private double ElevenPoints()
    {
        double[] envelope = Envelope();
        double sum = 0;
        for (int t = 0; t <= 10; t++) sum += envelope[Math.Max((t * Positives + 9) / 10, 1) - 1];
        return sum / 11;
    }
}

namespace EvenNet.Framework;

/// <summary>Average precision of every class and its mean, where a sample may show several classes (PASCAL VOC classification).</summary>
public sealed class MultiLabelEvaluation
{
    /// <summary>Of classes that are ranked.</summary>
    public MultiLabelEvaluation(IReadOnlyList<ClassPrecision> classes) => Classes = classes;

    /// <summary>In the data set's order.</summary>
    public IReadOnlyList<ClassPrecision> Classes { get; }

    /// <summary>Classes of which there is no positive sample, left out of the mean.</summary>
    public IEnumerable<string> WithoutPositives => Classes.Where(c => c.Ranking.Positives == 0).Select(c => c.Name);

    /// <summary>Ranks all samples of a set by each class's scores.</summary>
    /// <exception cref="ArgumentException">The table does not fit the set, or a judged score is not a number; the class and the sample are named.</exception>
    /// <exception cref="InvalidOperationException">A sample has no scores, or of fewer crops than others.</exception>
    public static MultiLabelEvaluation Of(ScoreTable scores, Dataset set)
    {
        if (!set.IsMultiLabel) throw new ArgumentException($"{set.Name} has one class a sample; average precision is for sets with several", nameof(set));
        if (scores.Samples != set.Count || scores.Classes != set.Classes.Count)
            throw new ArgumentException($"scores of {scores.Samples} samples for {scores.Classes} classes do not fit {set}", nameof(scores));
        scores.RequireComplete();
        float[] labels = new float[set.Count];
        var classes = new ClassPrecision[set.Classes.Count];
        for (int c = 0; c < classes.Length; c++)
        {
            for (int i = 0; i < labels.Length; i++) labels[i] = set.Label(i)[c];
            try
            {
                classes[c] = new ClassPrecision(set.Classes[c], Ranking.Of(scores.Column(c), labels));
            }
            catch (ArgumentException error)
            {
                throw new ArgumentException($"class {set.Classes[c]}: {error.Message}", nameof(scores), error);
            }
        }
        return new MultiLabelEvaluation(classes);
    }

    /// <summary>Mean over the classes that have positives; null where none has.</summary>
    public double? Mean(AveragePrecisionRule rule)
    {
        double[] known = [.. Classes.Select(c => c.By(rule)).OfType<double>()];
        return known.Length > 0 ? known.Average() : null;
    }
}

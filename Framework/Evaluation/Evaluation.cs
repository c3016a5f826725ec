namespace EvenNet.Framework;

/// <summary>How a net did on a data set.</summary>
public sealed class Evaluation : IEvaluation
{
    private const int Best = 5;

    /// <summary>Ranks the scores of a set, or counts the best.</summary>
    /// <param name="set">What was judged.</param>
    /// <param name="scores">Of every sample.</param>
    /// <param name="views">Of each picture, summed in the scores.</param>
    /// <param name="loss">The mean of a view.</param>
    /// <param name="seconds">How long it took.</param>
    /// <exception cref="ArgumentException">The scores do not fit the set.</exception>
    public Evaluation(Dataset set, ScoreTable scores, int views, double loss, double seconds)
    {
        (Set, Scores, Views, Loss, Seconds) = (set, scores, views, loss, seconds);
        if (set.IsMultiLabel)
        {
            Precision = MultiLabelEvaluation.Of(scores, set);
            return;
        }
        Top = [.. TopsOf(set).Select(k => new TopAccuracy(k))];
        Confusion = new ConfusionMatrix(set.Classes);
        for (int i = 0; i < set.Count; i++)
        {
            int label = (int)set.Label(i)[0];
            foreach (TopAccuracy top in Top) top.Add(scores.Of(i), label);
            Confusion.Add(scores.Of(i), label);
        }
    }

    /// <summary>What was judged.</summary>
    public Dataset Set { get; }

    /// <summary>The scores of every sample.</summary>
    public ScoreTable Scores { get; }

    /// <summary>Views of each picture.</summary>
    public int Views { get; }

    /// <summary>The mean loss of a view.</summary>
    public double Loss { get; }

    /// <summary>How long it took.</summary>
    public double Seconds { get; }

    /// <summary>Average precision; null where a sample has one class.</summary>
    public MultiLabelEvaluation? Precision { get; }

    /// <summary>The share of samples whose class has the best score, and is among the best five; empty where a sample may have several.</summary>
    public IReadOnlyList<TopAccuracy> Top { get; } = [];

    /// <summary>What was taken for what; null where a sample may have several classes.</summary>
    public ConfusionMatrix? Confusion { get; }

    /// <summary>What tells one net from a better: «map» or «top1».</summary>
    public string MainName => Set.IsMultiLabel ? "map" : "top1";

    /// <summary>Of <see cref="MainName"/>, 0 … 1; not a number where nothing could be judged.</summary>
    public double Main => Values().First(v => v.Key == MainName).Value;

    /// <summary>Among how many best scores a sample's class is looked for: 1, and 5 where there are more classes.</summary>
    public static IEnumerable<int> TopsOf(Dataset set) => set.IsMultiLabel ? [] : set.Classes.Count > Best ? [1, Best] : [1];

    /// <summary>All figures for a line of metrics: «loss», and «map» by the rule of VOC 2007, «map.area» and «map.step», or «top1» and «top5».</summary>
    public IEnumerable<KeyValuePair<string, double>> Values()
    {
        yield return new("loss", Loss);
        if (Precision is { } precision)
        {
            yield return new("map", precision.Mean(AveragePrecisionRule.Voc11Point) ?? double.NaN);
            yield return new("map.area", precision.Mean(AveragePrecisionRule.Area) ?? double.NaN);
            yield return new("map.step", precision.Mean(AveragePrecisionRule.Step) ?? double.NaN);
        }
        foreach (TopAccuracy top in Top) yield return new($"top{top.K}", top.Value ?? double.NaN);
    }
}

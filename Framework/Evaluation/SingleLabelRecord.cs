namespace EvenNet.Framework;

/// <summary>What was found where a sample has one class.</summary>
/// <param name="Top1">Share of samples whose class has the best score, as <see cref="TopAccuracy"/> counts; null where there was none.</param>
/// <param name="Top5">Whose class is among the best five; null where that was not asked.</param>
/// <param name="MeanRecall">Mean of the classes' recall.</param>
/// <param name="Classes">Their names.</param>
/// <param name="Confusion">A row for each class: how many of its samples were taken for each class.</param>
public sealed record SingleLabelRecord(double? Top1, double? Top5, double? MeanRecall, IReadOnlyList<string> Classes, IReadOnlyList<IReadOnlyList<long>> Confusion)
{
    /// <summary>The record of counts.</summary>
    public static SingleLabelRecord Of(ConfusionMatrix confusion, IReadOnlyList<TopAccuracy> top)
    {
        int[] all = [.. Enumerable.Range(0, confusion.Classes.Count)];
        return new(Top(1), Top(5), confusion.MeanRecall, confusion.Classes, [.. all.Select(a => (IReadOnlyList<long>)[.. all.Select(p => confusion[a, p])])]);

        double? Top(int k) => top.FirstOrDefault(t => t.K == k)?.Value;
    }

    /// <summary>Samples of a class.</summary>
    public long Count(int label) => Confusion[label].Sum();

    /// <summary>Share of a class's samples that were taken for it; null where it has none.</summary>
    public double? Recall(int label) => Count(label) is var count and > 0 ? (double)Confusion[label][label] / count : null;
}

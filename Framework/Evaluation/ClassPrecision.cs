namespace EvenNet.Framework;

/// <summary>One class of a multi-label evaluation.</summary>
/// <param name="Name">Of the class.</param>
/// <param name="Ranking">Of all judged samples: its precision-recall curve.</param>
public sealed record ClassPrecision(string Name, Ranking Ranking)
{
    /// <summary>Average precision; null where no sample is of the class.</summary>
    public double? By(AveragePrecisionRule rule) => Ranking.AveragePrecision(rule);
}

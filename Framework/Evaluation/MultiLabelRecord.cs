namespace EvenNet.Framework;

/// <summary>What a <see cref="MultiLabelEvaluation"/> found. The means are over the classes that have positives, null where none has.</summary>
/// <param name="Voc11Point">Mean average precision by <see cref="AveragePrecisionRule.Voc11Point"/>, 0 … 1.</param>
/// <param name="Area">By <see cref="AveragePrecisionRule.Area"/>.</param>
/// <param name="Step">By <see cref="AveragePrecisionRule.Step"/>.</param>
/// <param name="Classes">In the data set's order.</param>
public sealed record MultiLabelRecord(double? Voc11Point, double? Area, double? Step, IReadOnlyList<ClassRecord> Classes)
{
    /// <summary>Mean average precision, 0 … 1.</summary>
    public double? Mean(AveragePrecisionRule rule) => rule switch
    {
        AveragePrecisionRule.Voc11Point => Voc11Point,
        AveragePrecisionRule.Area => Area,
        AveragePrecisionRule.Step => Step,
        _ => throw new ArgumentOutOfRangeException(nameof(rule), rule, "no such rule"),
    };

    /// <summary>The record of an evaluation.</summary>
    public static MultiLabelRecord Of(MultiLabelEvaluation evaluation) => new(
        evaluation.Mean(AveragePrecisionRule.Voc11Point), evaluation.Mean(AveragePrecisionRule.Area), evaluation.Mean(AveragePrecisionRule.Step),
        [.. evaluation.Classes.Select(c => new ClassRecord(
            c.Name, c.Ranking.Positives, c.Ranking.Negatives, c.Ranking.Ignored,
            c.By(AveragePrecisionRule.Voc11Point), c.By(AveragePrecisionRule.Area), c.By(AveragePrecisionRule.Step), PrecisionRecallCurve.Of(c.Ranking)))]);
}

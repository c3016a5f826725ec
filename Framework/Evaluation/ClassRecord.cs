namespace EvenNet.Framework;

/// <summary>One class of a <see cref="MultiLabelRecord"/>. The averages are null where no sample is of the class.</summary>
/// <param name="Name">Of the class.</param>
/// <param name="Positives">Samples of it.</param>
/// <param name="Negatives">Judged samples that are not.</param>
/// <param name="Ignored">Samples that are not judged.</param>
/// <param name="Voc11Point">Average precision by <see cref="AveragePrecisionRule.Voc11Point"/>, 0 … 1.</param>
/// <param name="Area">By <see cref="AveragePrecisionRule.Area"/>.</param>
/// <param name="Step">By <see cref="AveragePrecisionRule.Step"/>.</param>
/// <param name="Curve">Precision over recall.</param>
public sealed record ClassRecord(
    string Name, int Positives, int Negatives, int Ignored, double? Voc11Point, double? Area, double? Step, PrecisionRecallCurve Curve)
{
    /// <summary>Average precision, 0 … 1.</summary>
    public double? By(AveragePrecisionRule rule) => rule switch
    {
        AveragePrecisionRule.Voc11Point => Voc11Point,
        AveragePrecisionRule.Area => Area,
        AveragePrecisionRule.Step => Step,
        _ => throw new ArgumentOutOfRangeException(nameof(rule), rule, "no such rule"),
    };
}

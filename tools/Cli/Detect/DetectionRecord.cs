using EvenNet.Detection;
using EvenNet.Framework;

namespace EvenNet.Cli;

/// <summary>An evaluation of a detector as a run's record: each class with its precision-recall curve.</summary>
internal static class DetectionRecord
{
    public static EvaluationRecord Of(DetectionEvaluation evaluation, DetectionSet set, int? iteration, string? weights = null) => new()
    {
        Dataset = set.Data.Name,
        Split = set.Data.Split,
        Samples = evaluation.Pictures,
        Views = 1,
        Iteration = iteration,
        Weights = weights,
        MultiLabel = MultiLabelRecord.Of(evaluation.Precision),
    };
}

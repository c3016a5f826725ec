using EvenNet.Detection;
using EvenNet.Framework;

namespace EvenNet.Cli;

/// <summary>An evaluation of a detector for people.</summary>
internal static class DetectionTables
{
    public static void Print(DetectionEvaluation e, DetectionSet set, Ui ui)
    {
        var table = new TextTable("class", "VOC 2007", "area", "objects", "found", "errors");
        foreach (ClassPrecision c in e.Precision.Classes)
            table.Add(c.Name, Percent(c.By(AveragePrecisionRule.Voc11Point)), Percent(c.By(AveragePrecisionRule.Area)), $"{c.Ranking.Positives}", $"{c.Ranking.Samples.Count - c.Ranking.Negatives}", $"{c.Ranking.Negatives}");
        ui.Result(table);
        ui.Result();
        ui.Result("judged", $"{Text.Count(e.Detections)} detections in {Text.Count(e.Pictures)} pictures of {set.Data.Name} {set.Data.Split}, in {Text.Duration(e.Seconds)}");
        ui.Result("map", $"{Percent(e.Mean(AveragePrecisionRule.Voc11Point))} by VOC 2007's rule, {Percent(e.Mean(AveragePrecisionRule.Area))} by area");
        if (e.Precision.WithoutPositives.Any()) ui.Warn($"no picture shows {string.Join(", ", e.Precision.WithoutPositives)}: left out of the mean");
    }

    private static string Percent(double? share) => share is { } s ? $"{Text.Fixed(100 * s, 1)} %" : "-";
}

using EvenNet.Framework;

namespace EvenNet.Cli;

/// <summary>An evaluation for people.</summary>
internal static class EvaluationTables
{
    // Classes of which a table is shown whole; of more the worst.
    private const int MostClasses = 40;

    public static void Print(Evaluation e, Ui ui)
    {
        if (e.Precision is { } precision) Print(precision, ui);
        else if (e.Confusion is { } confusion) Print(confusion, ui);
        ui.Result();
        string views = e.Views == 1 ? "one view each" : $"{e.Views} views each";
        ui.Result("judged", $"{Text.Count(e.Set.Count)} pictures of {e.Set.Name} {e.Set.Split}, {views}, in {Text.Duration(e.Seconds)}");
        ui.Result("loss", Text.Fixed(e.Loss, 4));
        if (e.Precision is { } p)
        {
            ui.Result("map", $"{Percent(p.Mean(AveragePrecisionRule.Voc11Point))} by VOC 2007's rule, {Percent(p.Mean(AveragePrecisionRule.Area))} by area, {Percent(p.Mean(AveragePrecisionRule.Step))} by steps");
            if (p.WithoutPositives.Any()) ui.Warn($"no picture shows {string.Join(", ", p.WithoutPositives)}: left out of the mean");
        }
        foreach (TopAccuracy top in e.Top) ui.Result($"top {top.K}", $"{Percent(top.Value)} ({Text.Count(top.Correct)} of {Text.Count(top.Count)})");
    }

    private static void Print(MultiLabelEvaluation precision, Ui ui)
    {
        var table = new TextTable("class", "VOC 2007", "area", "steps", "pictures");
        foreach (ClassPrecision c in precision.Classes)
            table.Add(c.Name, Percent(c.By(AveragePrecisionRule.Voc11Point)), Percent(c.By(AveragePrecisionRule.Area)), Percent(c.By(AveragePrecisionRule.Step)), $"{c.Ranking.Positives}");
        ui.Result(table);
    }

    private static void Print(ConfusionMatrix confusion, Ui ui)
    {
        int[] order = [.. Enumerable.Range(0, confusion.Classes.Count)];
        if (order.Length > MostClasses) order = [.. order.OrderBy(c => confusion.Recall(c) ?? 2).Take(MostClasses)];
        var table = new TextTable("class", "recall", "precision", "most often taken for");
        foreach (int c in order)
        {
            int other = Enumerable.Range(0, confusion.Classes.Count).Where(o => o != c).MaxBy(o => confusion[c, o]);
            table.Add(confusion.Classes[c], Percent(confusion.Recall(c)), Percent(confusion.Precision(c)), confusion[c, other] > 0 ? $"{confusion.Classes[other]} ({confusion[c, other]})" : "-");
        }
        ui.Result(table);
    }

    private static string Percent(double? share) => share is { } s ? $"{Text.Fixed(100 * s, 1)} %" : "-";
}

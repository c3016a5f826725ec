using System.Globalization;
using System.Text;
using EvenNet.Framework;
using static EvenNet.Report.HtmlReport;

namespace EvenNet.Report;

/// <summary>What was found class by class: average precisions with their curves, or what was taken for what.</summary>
internal static class EvaluationFigures
{
    // Of more classes the matrix has no numbers that can be read.
    private const int MostCells = 30;

    private const int ShownConfusions = 20;

    // The square of a precision-recall panel.
    private const int Side = 100;

    public static void Append(StringBuilder page, IReadOnlyList<TrainingSummary> runs)
    {
        (TrainingSummary Run, EvaluationRecord Record)[] judged = [.. runs.Select(r => (Run: r, Record: r.Run.BestEvaluation ?? r.Run.Evaluation)).Where(r => r.Record is not null).Select(r => (r.Run, r.Record!))];
        if (judged.Length == 0) return;
        page.Append("<h2>Class by class</h2>\n<ul class=\"notes quiet\">\n");
        foreach ((TrainingSummary run, EvaluationRecord record) in judged)
            page.Append($"<li>{Escape(run.Label)}: {(run.Run.BestEvaluation is null ? "the last evaluation" : "the best checkpoint")}{(record.Iteration is { } i ? $", iteration {Numbers.Count(i)}" : "")}, {Numbers.Count(record.Samples)} samples of {Escape(record.Dataset)} {Escape(record.Split)}, {(record.Views == 1 ? "one view each" : $"{record.Views} views each")}</li>\n");
        page.Append("</ul>\n");
        (TrainingSummary, MultiLabelRecord)[] several = [.. judged.Where(r => r.Record.MultiLabel is not null).Select(r => (r.Run, r.Record.MultiLabel!))];
        if (several.Length > 0) AppendPrecision(page, several);
        foreach ((TrainingSummary run, EvaluationRecord record) in judged)
            if (record.SingleLabel is { } single) AppendConfusion(page, run, single);
    }

    private static void AppendPrecision(StringBuilder page, (TrainingSummary Run, MultiLabelRecord Record)[] runs)
    {
        string[] classes = [.. runs.SelectMany(r => r.Record.Classes).Select(c => c.Name).Distinct()];
        AveragePrecisionRule[] rules = runs.Length == 1 ? Enum.GetValues<AveragePrecisionRule>() : [AveragePrecisionRule.Voc11Point];
        page.Append("<figure><figcaption><h3>Average precision</h3>\n<p>By VOC 2007’s rule of eleven points");
        page.Append(runs.Length == 1 ? ", by the area under the curve, and not interpolated.</p>" : "; the other rules are in the page’s data.</p>");
        page.Append("</figcaption>\n<div class=\"scroll\"><table class=\"precision\">\n<thead><tr><th scope=\"col\">class</th><th scope=\"col\">positives</th>");
        foreach ((TrainingSummary run, _) in runs)
            foreach (AveragePrecisionRule rule in rules)
                page.Append($"<th scope=\"col\">{(runs.Length == 1 ? rule switch { AveragePrecisionRule.Voc11Point => "VOC 2007", AveragePrecisionRule.Area => "area", _ => "steps" } : $"{Mark(run.Group)} {Escape(run.Label)}")}</th>");
        page.Append("</tr></thead>\n<tbody>\n");
        foreach (string name in classes)
        {
            ClassRecord?[] records = [.. runs.Select(r => r.Record.Classes.FirstOrDefault(c => c.Name == name))];
            double best = records.Max(r => r?.Voc11Point) ?? double.NaN;
            page.Append($"<tr><th scope=\"row\">{Escape(name)}</th><td>{records.First(r => r is not null)!.Positives}</td>");
            for (int r = 0; r < records.Length; r++)
                foreach (AveragePrecisionRule rule in rules) page.Append(Cell(records[r]?.By(rule), runs[r].Run.Group, runs.Length > 1 && records[r]?.Voc11Point == best));
            page.Append("</tr>\n");
        }
        page.Append("<tr class=\"total\"><th scope=\"row\">mean</th><td></td>");
        double bestMean = runs.Max(r => r.Record.Voc11Point) ?? double.NaN;
        foreach ((TrainingSummary run, MultiLabelRecord record) in runs)
            foreach (AveragePrecisionRule rule in rules) page.Append(Cell(record.Mean(rule), run.Group, runs.Length > 1 && record.Voc11Point == bestMean));
        page.Append("</tr>\n</tbody></table></div></figure>\n");

        page.Append($"<figure><figcaption><h3>Precision over recall</h3>\n{TrainingReport.Legend([.. runs.Select(r => r.Run)])}</figcaption>\n<div class=\"panels\">\n");
        foreach (string name in classes)
        {
            page.Append($"<div><p>{Escape(name)}</p><svg viewBox=\"-16 -4 {Side + 22} {Side + 18}\" role=\"img\" aria-label=\"precision over recall of {Escape(name)}\"><path class=\"grid\" d=\"M0 0H{Side}M0 {Side / 2}H{Side}M{Side / 2} 0V{Side}M{Side} 0V{Side}\"/><path class=\"axis\" d=\"M0 0V{Side}H{Side}\"/>");
            page.Append($"<g><text x=\"-3\" y=\"3\" text-anchor=\"end\">1</text><text x=\"-3\" y=\"{Side / 2 + 3}\" text-anchor=\"end\">.5</text><text x=\"-3\" y=\"{Side}\" text-anchor=\"end\">0</text><text x=\"{Side / 2}\" y=\"{Side + 10}\" text-anchor=\"middle\">.5</text><text x=\"{Side}\" y=\"{Side + 10}\" text-anchor=\"middle\">1</text></g>");
            foreach ((TrainingSummary run, MultiLabelRecord record) in runs)
                if (record.Classes.FirstOrDefault(c => c.Name == name) is { Curve.Recall.Count: > 0 } found)
                    page.Append($"<path class=\"line m{run.Group % Figures.Marks}\" d=\"{Path(found.Curve)}\"/>");
            page.Append("</svg></div>\n");
        }
        page.Append("</div></figure>\n");
    }

    private static string Path(PrecisionRecallCurve curve)
    {
        var path = new StringBuilder();
        for (int i = 0; i < curve.Recall.Count; i++)
        {
            string x = (Side * curve.Recall[i]).ToString("0.#", CultureInfo.InvariantCulture), y = (Side * (1 - curve.Precision[i])).ToString("0.#", CultureInfo.InvariantCulture);
            path.Append(i == 0 ? $"M0 {y}L{x} {y}" : $"L{x} {y}");
        }
        return path.ToString();
    }

    private static string Cell(double? share, int group, bool isBest)
    {
        if (share is not { } s) return "<td>–</td>";
        string width = (100 * Math.Clamp(s, 0, 1)).ToString("0.0", CultureInfo.InvariantCulture);
        return $"<td class=\"m{group % Figures.Marks}\" style=\"--share: {width}%\"><span>{(isBest ? "<b>" : "")}{Numbers.Percent(s)}{(isBest ? "</b>" : "")}</span></td>";
    }

    private static void AppendConfusion(StringBuilder page, TrainingSummary run, SingleLabelRecord record)
    {
        string top = $"top-1 {(record.Top1 is { } one ? Numbers.Percent(one) : "–")}{(record.Top5 is { } five ? $", top-5 {Numbers.Percent(five)}" : "")}{(record.MeanRecall is { } recall ? $", mean recall {Numbers.Percent(recall)}" : "")}";
        page.Append($"<figure><figcaption><h3>{Mark(run.Group)} What was taken for what: {Escape(run.Label)}</h3>\n<p>{top}. A row for each class, a column for what it was taken for; the shade is the share of the row.</p></figcaption>\n");
        int count = record.Classes.Count;
        if (count <= MostCells)
        {
            page.Append("<div class=\"scroll\"><table class=\"confusion\">\n<thead><tr><th></th>");
            foreach (string name in record.Classes) page.Append($"<th scope=\"col\"><span>{Escape(name)}</span></th>");
            page.Append("</tr></thead>\n<tbody>\n");
            for (int a = 0; a < count; a++)
            {
                double all = Math.Max(1, record.Count(a));
                page.Append($"<tr><th scope=\"row\">{Escape(record.Classes[a])}</th>");
                for (int p = 0; p < count; p++)
                {
                    long n = record.Confusion[a][p];
                    string share = (100 * n / all).ToString("0.0", CultureInfo.InvariantCulture);
                    page.Append($"<td class=\"{(a == p ? "right" : "wrong")}{(100 * n / all >= 55 ? " full" : "")}\" style=\"--share: {share}%\" title=\"{Escape(record.Classes[a])} taken for {Escape(record.Classes[p])}: {n}, {share} %\">{(n > 0 ? n.ToString(CultureInfo.InvariantCulture) : "")}</td>");
                }
                page.Append("</tr>\n");
            }
            page.Append("</tbody></table></div>\n");
        }
        else
        {
            page.Append("<div class=\"scroll\"><table>\n<thead><tr><th scope=\"col\">class</th><th class=\"left\" scope=\"col\">taken for</th><th scope=\"col\">samples</th><th scope=\"col\">share</th></tr></thead>\n<tbody>\n");
            var worst = Enumerable.Range(0, count).SelectMany(a => Enumerable.Range(0, count).Where(p => p != a && record.Confusion[a][p] > 0).Select(p => (a, p, n: record.Confusion[a][p]))).OrderByDescending(c => c.n).Take(ShownConfusions);
            foreach ((int a, int p, long n) in worst)
                page.Append($"<tr><th scope=\"row\">{Escape(record.Classes[a])}</th><td class=\"left\">{Escape(record.Classes[p])}</td><td>{n}</td><td>{Numbers.Percent((double)n / record.Count(a))}</td></tr>\n");
            page.Append("</tbody></table></div>\n");
        }
        page.Append("</figure>\n");
    }
}

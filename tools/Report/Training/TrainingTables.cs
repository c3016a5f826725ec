using System.Globalization;
using System.Text;
using EvenNet.Framework;
using static EvenNet.Report.HtmlReport;

namespace EvenNet.Report;

/// <summary>The tables of a report of trainings.</summary>
internal static class TrainingTables
{
    public static bool IsShare(string name) => name.StartsWith(RunData.Map, StringComparison.Ordinal) || name.StartsWith("top", StringComparison.Ordinal);

    public static string Title(string name) => name switch
    {
        "map" => "mAP (VOC 2007)",
        "map.area" => "mAP (area)",
        "map.step" => "mAP (steps)",
        "top1" => "top-1",
        "top5" => "top-5",
        _ => name,
    };

    public static string Value(string name, double value) => IsShare(name) ? Numbers.Percent(value) : Numbers.Text(value);

    /// <summary>The loss that the middle run reaches at its lowest: at least half of the runs reach it, of two both. Null for one run.</summary>
    public static double? Level(IReadOnlyList<TrainingSummary> runs)
    {
        double[] lowest = [.. runs.Select(r => r.LowestLoss).OfType<double>().Where(double.IsFinite).Order()];
        return lowest.Length > 1 ? lowest[lowest.Length / 2] : null;
    }

    /// <summary>A sentence and a table, the run that learnt fastest first.</summary>
    public static void AppendComparison(StringBuilder page, IReadOnlyList<TrainingSummary> runs)
    {
        double? level = Level(runs);
        TrainingSummary[] ordered = [.. runs.OrderBy(r => level is { } l ? r.Reached(l) ?? double.PositiveInfinity : 0).ThenBy(r => r.FinalLoss ?? double.PositiveInfinity)];
        double? least = level is { } at ? ordered[0].Reached(at) : null;
        if (level is { } reached && least is { } first)
        {
            page.Append($"<p class=\"verdict\">{Mark(ordered[0].Group)} <b>{Escape(ordered[0].Label)}</b> was the first at a loss of {Numbers.Text(reached)}, after <b>{Numbers.Count(first)}</b> iterations");
            TrainingSummary last = ordered.LastOrDefault(r => r.Reached(reached) is not null)!;
            if (last != ordered[0] && last.Reached(reached) is { } slow && slow > first)
                page.Append($"; {Mark(last.Group)} <b>{Escape(last.Label)}</b> took {Numbers.Count(slow)}, {Numbers.Ratio(slow / first)} times as many");
            int never = ordered.Count(r => r.Reached(reached) is null);
            page.Append($"{(never > 0 ? $"; {never} of {runs.Count} never got there" : "")}.</p>\n<p class=\"quiet prose\">The loss is the lowest that the middle one of the runs came to, of the smooth curves.</p>\n");
        }
        (string Kind, string Name)[] judged = [.. runs.SelectMany(r => r.Evaluations).Where(c => c.Name is RunData.Map or RunData.Top1 or RunData.Loss).Select(c => (c.Kind, c.Name)).Distinct().OrderBy(c => c.Name == RunData.Loss)];
        page.Append("<div class=\"scroll tablebox\"><table>\n<thead><tr><th scope=\"col\">run</th>");
        if (level is { } l0) page.Append($"<th scope=\"col\">iterations to<br>loss {Numbers.Text(l0)}</th>");
        page.Append("<th scope=\"col\">loss at<br>the end</th>");
        foreach ((string kind, string name) in judged) page.Append($"<th scope=\"col\">{Escape(Title(name))},<br>{Escape(kind)}</th>{(name == RunData.Loss ? "" : "<th class=\"quiet\" scope=\"col\">best</th>")}");
        page.Append("<th class=\"group\" scope=\"col\">iterations</th><th scope=\"col\">images/s</th><th scope=\"col\">waiting</th><th scope=\"col\">time</th><th scope=\"col\">outcome</th></tr></thead>\n<tbody>\n");
        foreach (TrainingSummary run in ordered)
        {
            page.Append($"<tr><th scope=\"row\">{Mark(run.Group)} {Escape(run.Label)}</th>");
            if (level is { } l) page.Append($"<td>{(run.Reached(l) is { } i ? Numbers.Count(i) + (least is > 0 and var q && i > q ? $" <span class=\"quiet\">({Numbers.Ratio(i / q)}×)</span>" : "") : "never")}</td>");
            page.Append($"<td>{Numbers.Text(run.FinalLoss)}</td>");
            foreach ((string kind, string name) in judged)
            {
                RunCurve? curve = run.Run.Curve(kind, name);
                string best = TrainingSummary.Best(curve) is { } b ? $"{Value(name, b.Value)} at {Numbers.Count(b.Iteration)}" : "";
                page.Append($"<td>{(curve is null ? "" : Value(name, curve.Values[^1]))}</td>{(name == RunData.Loss ? "" : $"<td class=\"quiet\">{best}</td>")}");
            }
            page.Append($"<td class=\"group\">{(run.Iterations is { } n ? Numbers.Count(n) : "")}</td><td>{Numbers.Text(run.Median("images/s"))}</td><td>{(run.Median("wait") is { } w ? Numbers.Percent(w) : "")}</td><td>{(run.Seconds is { } s ? Numbers.Seconds(s) : "")}</td><td>{Escape(run.Outcome)}</td></tr>\n");
        }
        page.Append("</tbody></table></div>\n");
    }

    /// <summary>Settings, those that differ first, then sessions and machines.</summary>
    public static void AppendRuns(StringBuilder page, IReadOnlyList<TrainingSummary> runs)
    {
        string[] names = [.. runs.SelectMany(r => r.Run.Record?.Settings.Keys ?? []).Distinct()];
        string[] different = [.. names.Where(n => runs.Where(r => r.Run.Record is not null).Select(r => r.Setting(n)).Distinct().Count() > 1)];
        if (names.Length > 0) page.Append("<h2>Settings</h2>\n");
        if (different.Length > 0)
        {
            page.Append("<h3 class=\"above\">In which the runs differ</h3>\n<div class=\"scroll tablebox\"><table>\n<thead><tr><th scope=\"col\">run</th>");
            foreach (string name in different) page.Append($"<th scope=\"col\">{Escape(name)}</th>");
            page.Append("</tr></thead>\n<tbody>\n");
            foreach (TrainingSummary run in runs)
                page.Append($"<tr><th scope=\"row\">{Mark(run.Group)} {Escape(run.Label)}</th>{string.Concat(different.Select(n => $"<td>{Escape(run.Setting(n) ?? "–")}</td>"))}</tr>\n");
            page.Append("</tbody></table></div>\n");
        }
        NamedValue[] same = [.. names.Except(different).Select(n => new NamedValue(n, runs.Select(r => r.Setting(n)).First(v => v is not null)!))];
        if (same.Length > 0)
        {
            page.Append($"<details{(runs.Count == 1 ? " open" : "")}><summary>{(runs.Count == 1 ? "All settings" : "The same in all")}, {same.Length}</summary>\n");
            ReportTables.AppendValues(page, same);
            page.Append("</details>\n");
        }
        if (runs.All(r => r.Run.Record is null)) return;
        page.Append("<h2>Sessions</h2>\n<div class=\"scroll tablebox\"><table>\n<thead><tr><th scope=\"col\">run</th><th scope=\"col\">began</th><th scope=\"col\">time</th><th scope=\"col\">iterations</th><th scope=\"col\">outcome</th><th class=\"left\" scope=\"col\">command</th></tr></thead>\n<tbody>\n");
        foreach (TrainingSummary run in runs)
            foreach (RunSession session in run.Run.Record?.Sessions ?? [])
            {
                string time = session.Ended is { } ended ? Numbers.Seconds((ended - session.Started).TotalSeconds) : "";
                string outcome = $"{session.Outcome}".ToLowerInvariant() + (session.Message is { } message ? $": {message}" : "");
                page.Append($"<tr><th scope=\"row\">{Mark(run.Group)} {Escape(run.Label)}</th><td>{session.Started.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture)}</td><td>{time}</td><td>{session.FirstIteration} … {session.LastIteration}</td><td>{Escape(outcome)}</td><td class=\"left\"><code>{Escape(session.Command)}</code></td></tr>\n");
            }
        page.Append("</tbody></table></div>\n");
    }
}

using System.Text;
using System.Text.Json.Nodes;
using EvenNet.Framework;
using static EvenNet.Report.HtmlReport;

namespace EvenNet.Report;

/// <summary>
/// One HTML file that shows one or several trainings: losses, evaluations, speed, change rates, average precisions, settings. Like <see cref="HtmlReport"/>
/// it needs nothing else. Its data are in it as JSON too, in the element <c>run-data</c>.
/// </summary>
public static class TrainingReport
{
    // More cards than this say less than the table.
    private const int MostCards = 6;

    // Beyond this spread a linear axis shows only the largest.
    private const double LargeSpread = 20;

    /// <summary>Writes the page through <see cref="AtomicFile"/>.</summary>
    /// <exception cref="ArgumentException">There is no run.</exception>
    /// <exception cref="IOException">The file could not be written; an earlier one is unchanged.</exception>
    public static void Write(string path, IReadOnlyList<RunData> runs) => AtomicFile.WriteText(path, Render(runs));

    /// <summary>The page's data for programs: curves thinned as drawn, evaluations, settings, figures of the comparison. Numbers that are none are null.</summary>
    /// <exception cref="ArgumentException">There is no run.</exception>
    public static string Json(IReadOnlyList<RunData> runs) => TrainingJson.Of(Summaries(runs)).ToJsonString(TrainingJson.Readable);

    /// <summary>The page as text.</summary>
    /// <exception cref="ArgumentException">There is no run.</exception>
    public static string Render(IReadOnlyList<RunData> runs)
    {
        IReadOnlyList<TrainingSummary> all = Summaries(runs);
        string title = all.Count == 1 ? all[0].Label : $"{all.Count} runs: {string.Join(" · ", all.GroupBy(r => r.Group).Select(g => TrainingSummary.NameOf([.. g])))}";
        var page = new StringBuilder(1 << 20);
        AppendHead(page, title);
        AppendHeader(page, title, all);
        if (all.Count <= MostCards) AppendCards(page, all);
        AppendProblems(page, all);
        page.Append("<noscript><p class=\"quiet\">The charts need JavaScript; the tables hold the numbers at the ends of the curves.</p></noscript>\n");
        if (all.Count > 1)
        {
            page.Append("<h2>Which run learnt faster</h2>\n");
            TrainingTables.AppendComparison(page, all);
        }
        AppendCurves(page, all);
        AppendRates(page, all);
        AppendDepth(page, all);
        EvaluationFigures.Append(page, all);
        AppendPictures(page, all);
        TrainingTables.AppendRuns(page, all);
        page.Append($"<script type=\"application/json\" id=\"run-data\">{TrainingJson.Of(all).ToJsonString()}</script>\n");
        AppendFooter(page, all);
        page.Append("</main>\n");
        AppendScripts(page);
        return page.Append("</body>\n</html>\n").ToString();
    }

    /// <summary>The marks of all groups of runs with their names.</summary>
    internal static string Legend(IReadOnlyList<TrainingSummary> runs) => runs.Count == 1 ? "" :
        $"<ul class=\"legend\">{string.Concat(runs.GroupBy(r => r.Group).Select(g => $"<li>{Mark(g.Key)}{Escape(TrainingSummary.NameOf([.. g]))}</li>"))}</ul>\n";

    internal static string Colour(TrainingSummary run) => $"var(--m{run.Group % Figures.Marks})";

    private static IReadOnlyList<TrainingSummary> Summaries(IReadOnlyList<RunData> runs) =>
        runs.Count > 0 ? TrainingSummary.Of(runs) : throw new ArgumentException("there is no run to report", nameof(runs));

    private static void AppendHeader(StringBuilder page, string title, IReadOnlyList<TrainingSummary> runs)
    {
        page.Append($"<header>\n<p class=\"brand\">EvenNet · training</p>\n<h1>{Escape(title)}</h1>\n");
        if (runs.Count == 1 && runs[0].Run.Record?.Sessions is [.., { Command: var command }]) page.Append($"<p class=\"command\"><code>{Escape(command)}</code></p>\n");
        page.Append("<dl class=\"facts\">\n");
        Fact("net", r => r.Setting("net"));
        Fact("initialization", r => r.Setting("init"));
        Fact("batch", r => r.Setting("batch"));
        Fact("device", r => r.Run.Record?.Machine.Device);
        Fact("seed", r => r.Run.Record is { } record ? $"{record.Seed}" : null);
        page.Append("</dl>\n</header>\n");

        void Fact(string name, Func<TrainingSummary, string?> value)
        {
            string[] different = [.. runs.Select(value).OfType<string>().Distinct()];
            if (different.Length is > 0 and <= MostCards) AppendFact(page, name, string.Join(", ", different));
        }
    }

    private static void AppendCards(StringBuilder page, IReadOnlyList<TrainingSummary> runs)
    {
        page.Append("<div class=\"cards\">\n");
        foreach (TrainingSummary run in runs)
        {
            (string number, string label) = (run.Main, TrainingSummary.Best(run.Main)) switch
            {
                ({ } main, { } best) => (TrainingTables.Value(main.Name, best.Value), $"best {TrainingTables.Title(main.Name)} on {main.Kind}, at iteration {Numbers.Count(best.Iteration)}"),
                _ => (run.FinalLoss is { } loss ? Numbers.Text(loss) : "–", "training loss at the end"),
            };
            string of = run.Planned is { } planned && planned != run.Iterations ? $" of {Numbers.Count(planned)}" : "";
            page.Append($"<section class=\"card\">\n<h2>{Mark(run.Group)}<span>{Escape(run.Label)}</span></h2>\n<p class=\"number\">{number}</p>\n<p class=\"label\">{Escape(label)}</p>\n");
            page.Append($"<p class=\"more\">{(run.HasEnded ? "" : "<b>")}{Escape(run.Outcome)}{(run.HasEnded ? "" : "</b>")} · {(run.Iterations is { } i ? Numbers.Count(i) : "no")}{of} iterations");
            if (run.Main is not null && run.FinalLoss is { } final) page.Append($" · loss at the end <b>{Numbers.Text(final)}</b>");
            page.Append("</p>\n</section>\n");
        }
        page.Append("</div>\n");
    }

    private static void AppendProblems(StringBuilder page, IReadOnlyList<TrainingSummary> runs)
    {
        var lines = new List<string>();
        foreach (TrainingSummary run in runs)
        {
            lines.AddRange(run.Run.Problems.Select(p => $"<b>{Escape(run.Label)}</b>: {Escape(p)}"));
            if (!run.HasEnded && run.Run.Record is { Sessions.Count: > 0 } record)
                lines.Add($"<b>{Escape(run.Label)}</b>: {Escape(run.Outcome)}{(record.Sessions[^1].Message is { } message ? $": {Escape(message)}" : "")}");
            int bad = run.Loss?.Values.Count(v => !double.IsFinite(v)) ?? 0;
            if (bad > 0) lines.Add($"<b>{Escape(run.Label)}</b>: {bad} losses were not finite, first at iteration {run.Loss!.Iterations[run.Loss.Values.ToList().FindIndex(v => !double.IsFinite(v))]}");
        }
        if (lines.Count > 0) page.Append($"<section class=\"warnings\">\n<h2>Before you read the numbers</h2>\n<ul>\n{string.Concat(lines.Select(l => $"<li>{l}</li>\n"))}</ul>\n</section>\n");
    }

    private static void AppendCurves(StringBuilder page, IReadOnlyList<TrainingSummary> runs)
    {
        page.Append("<h2>Course of the training</h2>\n");
        ChartLine[] losses = [.. runs.Where(r => r.SmoothLoss is not null).Select(r => Line(r, r.SmoothLoss!) with { Raw = r.Loss!.Values.Count < 8 ? null : r.Loss })];
        AppendFigure(page, "loss", "Training loss", "Faint: as measured. Strong: the mean of what is near, over 2 % of the run to each side. Peaks above the strong lines may be cut.",
            new LineChart("loss", losses) { IsLogarithmic = IsSpread(losses), Height = 340 }, losses, runs);
        var names = runs.SelectMany(r => r.Evaluations).Select(c => (c.Kind, c.Name)).Distinct().ToList();
        // What the best is chosen by comes first, then the loss.
        string? main = runs.Select(r => r.Main?.Name).FirstOrDefault(n => n is not null);
        var curves = names.Where(n => n.Name is not ("map.area" or "map.step") || n.Name == main).Where(n => runs.Any(r => r.Run.Curve(n.Kind, n.Name)?.Values.Count > 1)).OrderBy(n => n.Name == main ? 0 : n.Name == RunData.Loss ? 1 : 2).ToList();
        page.Append("<div class=\"pair\">\n");
        foreach ((string kind, string name) in curves)
        {
            ChartLine[] lines = Lines(runs, kind, name, markBest: true);
            AppendFigure(page, $"eval-{names.IndexOf((kind, name))}", $"{Upper(TrainingTables.Title(name))} on {kind}", "The ring is each run’s best.",
                new LineChart(TrainingTables.Title(name), lines) { IsShare = TrainingTables.IsShare(name), HasPoints = true }, lines, runs);
        }
        ChartLine[] rates = Lines(runs, RunData.Train, "rate");
        AppendFigure(page, "rate", "Learning rate", null, new LineChart("learning rate", rates) { IsStep = true, FromZero = true, Height = 200 }, rates, runs);
        ChartLine[] speeds = [.. Lines(runs, RunData.Train, "images/s").Select(l => l with { Curve = l.Curve.Smooth() })];
        AppendFigure(page, "speed", "Speed", "Images trained on in a second, smooth.", new LineChart("images/s", speeds) { FromZero = true, Height = 200 }, speeds, runs);
        ChartLine[] waits = [.. Lines(runs, RunData.Train, "wait").Select(l => l with { Curve = l.Curve.Smooth() })];
        AppendFigure(page, "wait", "Waiting for data", "Share of the time in which the net waited for pictures, smooth.", new LineChart("share of the time", waits) { IsShare = true, Height = 200 }, waits, runs);
        page.Append("</div>\n");
    }

    // Of each run its layers, from the input (light) to the output (strong), and how far apart they are in every run.
    private static void AppendRates(StringBuilder page, IReadOnlyList<TrainingSummary> runs)
    {
        TrainingSummary[] measured = [.. runs.Where(r => r.Run.Curves.Any(c => c.Kind == RunData.Rates))];
        if (measured.Length == 0) return;
        page.Append("<h2>How evenly the layers learn</h2>\n<p class=\"quiet prose\">The change rate of a layer is the size of its gradient relative to its weights. Where the lines of a run lie together, one learning rate suits all of its layers.</p>\n");
        ChartLine[] evenness = [.. measured.Select(r => Line(r, LayerCurves.Flatness(r.Run))).Where(l => l.Curve.Values.Count > 0)];
        AppendFigure(page, "flatness", "Flatness", "The largest change rate of a layer over the smallest; 1 is even.", new LineChart("largest over smallest rate", evenness) { IsLogarithmic = true, HasPoints = true }, evenness, measured);
        page.Append("<div class=\"pair\">\n");
        foreach ((int index, TrainingSummary run) in measured.Index())
        {
            foreach ((string suffix, string title, string axis) in new[] { (RunData.RateSuffix, "Change rates", "change rate"), (RunData.UpdateSuffix, "Update over weights", "‖ΔW‖ / ‖W‖ of a step") })
            {
                ChartLine[] lines = LayerCurves.Lines(run.Run, suffix);
                string name = runs.Count > 1 ? $"{title}: {Escape(run.Label)}" : title;
                AppendFigure(page, $"layers-{index}{suffix.Replace('.', '-')}", name, null, new LineChart(axis, lines) { IsLogarithmic = true }, lines, [], LayerCurves.Legend(lines));
            }
        }
        page.Append("</div>\n");
    }

    // Of each run the sizes of values and errors in every layer, the output's at the top.
    private static void AppendDepth(StringBuilder page, IReadOnlyList<TrainingSummary> runs)
    {
        TrainingSummary[] measured = [.. runs.Where(r => r.Run.Curves.Any(c => c.Kind == RunData.Depth))];
        if (measured.Length == 0) return;
        page.Append("<h2>Through the depth</h2>\n<p class=\"quiet prose\">Each row is a layer, the input’s below and the output’s at the top. Colours that change from row to row are values or errors that grow or vanish with depth.</p>\n<div class=\"pair\">\n");
        foreach ((int index, TrainingSummary run) in measured.Index())
            foreach ((string quantity, string title, string legend) in new[]
            {
                ("error", "Errors", "mean square of ∂ℓ/∂output"), ("value", "Values", "mean square of the output"),
                ("factor", "Modulation", "factor on the error"), ("deviation", "Distance from orthonormal", "‖W·Wᵀ − I‖ / √outputs"),
            })
            {
                RunCurve[] layers = DepthMap.Layers(run.Run, quantity);
                if (layers.Length == 0) continue;
                page.Append($"<figure>\n<figcaption><h3>{title}{(runs.Count > 1 ? $": {Escape(run.Label)}" : "")}</h3></figcaption>\n<div class=\"chart\" data-spec=\"spec-depth-{index}-{quantity}\"></div>\n")
                    .Append($"<script type=\"application/json\" id=\"spec-depth-{index}-{quantity}\">{DepthMap.Specification(layers, quantity, legend).ToJsonString()}</script>\n</figure>\n");
            }
        page.Append("</div>\n");
    }

    private static void AppendPictures(StringBuilder page, IReadOnlyList<TrainingSummary> runs)
    {
        if (runs.All(r => r.Run.Pictures.Count == 0)) return;
        page.Append("<h2>Detections</h2>\n<p class=\"quiet prose\">The pictures with the surest detections of the last evaluation.</p>\n");
        foreach (TrainingSummary run in runs.Where(r => r.Run.Pictures.Count > 0))
        {
            if (runs.Count > 1) page.Append($"<h3 class=\"above\">{Mark(run.Group)} {Escape(run.Label)}</h3>\n");
            page.Append("<div style=\"display:flex;flex-wrap:wrap;gap:.6rem\">\n");
            foreach ((string name, byte[] png) in run.Run.Pictures)
                page.Append($"<img style=\"height:15rem\" alt=\"{Escape(name)}\" title=\"{Escape(name)}\" src=\"data:image/png;base64,{Convert.ToBase64String(png)}\">\n");
            page.Append("</div>\n");
        }
    }

    private static ChartLine Line(TrainingSummary run, RunCurve curve) => new(run.Label, Colour(run), curve);

    private static ChartLine[] Lines(IReadOnlyList<TrainingSummary> runs, string kind, string name, bool markBest = false) =>
        [.. runs.Select(r => (Run: r, Curve: r.Run.Curve(kind, name))).Where(r => r.Curve is not null)
            .Select(r => Line(r.Run, r.Curve!) with { Best = markBest && r.Curve!.Values.Count > 1 ? TrainingSummary.Best(r.Curve) : null })];

    private static bool IsSpread(IEnumerable<ChartLine> lines)
    {
        double[] known = [.. lines.SelectMany(l => l.Curve.Values).Where(v => double.IsFinite(v) && v > 0)];
        return known.Length > 0 && known.Max() > LargeSpread * known.Min();
    }

    private static void AppendFigure(StringBuilder page, string id, string title, string? caption, LineChart chart, IReadOnlyList<ChartLine> lines, IReadOnlyList<TrainingSummary> runs, string? legend = null)
    {
        if (lines.All(l => l.Curve.Values.Count(double.IsFinite) < 2)) return;
        JsonObject spec = chart.Specification();
        page.Append($"""
            <figure>
            <figcaption><h3>{title}</h3>
            {(caption is null ? "" : $"<p>{caption}</p>\n")}{legend ?? (runs.Count > 0 ? Legend(runs) : "")}</figcaption>
            <div class="chart" data-spec="spec-{id}"></div>
            <script type="application/json" id="spec-{id}">{spec.ToJsonString()}</script>
            </figure>

            """);
    }

    private static string Upper(string text) => char.IsLower(text[0]) && (text.Length < 2 || char.IsLower(text[1])) ? char.ToUpperInvariant(text[0]) + text[1..] : text;

    private static void AppendFooter(StringBuilder page, IReadOnlyList<TrainingSummary> runs)
    {
        IEnumerable<string> versions = runs.SelectMany(r => r.Run.Record?.Versions ?? new Dictionary<string, string>()).Select(v => $"{Escape(v.Key)} {Escape(v.Value)}").Distinct();
        page.Append($"<footer>\n<p>{string.Join(" · ", versions)}</p>\n<p>Charts by Vega-Lite; its licences are in this file’s source.</p>\n</footer>\n");
    }
}

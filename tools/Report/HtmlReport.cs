using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using EvenNet.Framework;

namespace EvenNet.Report;

/// <summary>
/// One HTML file with a run's figures, numbers, settings and times. It needs nothing else: the charts' library, the pictures and
/// the style are inside, and its content security policy forbids every request. Without JavaScript the tables still read.
/// </summary>
public static class HtmlReport
{
    private const string Policy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

    /// <summary>Writes the page through <see cref="AtomicFile"/>.</summary>
    /// <exception cref="ArgumentException">The report has no method, or a method has no layer.</exception>
    /// <exception cref="IOException">The file could not be written; an earlier one is unchanged.</exception>
    public static void Write(string path, RunReport report) => AtomicFile.WriteText(path, Render(report));

    /// <summary>The page as text.</summary>
    /// <exception cref="ArgumentException">The report has no method, or a method has no layer.</exception>
    public static string Render(RunReport report)
    {
        if (report.Methods.Count == 0) throw new ArgumentException("the report has no method to show", nameof(report));
        if (report.Methods.FirstOrDefault(m => m.Layers.Count == 0) is { } empty) throw new ArgumentException($"{empty.Name} has no layers to show", nameof(report));

        var figures = new Figures(report.Methods);
        var page = new StringBuilder(1 << 20);
        AppendHead(page, report.Title);
        AppendHeader(page, report);
        AppendCards(page, report.Methods);
        AppendWarnings(page, report);
        page.Append("<noscript><p class=\"quiet\">The charts need JavaScript; the tables below hold the same numbers.</p></noscript>\n");
        AppendRates(page, figures, report.Methods);
        AppendActivations(page, figures, report.Methods);
        AppendFilters(page, report.Methods);
        page.Append("<h2>Numbers</h2>\n");
        ReportTables.AppendComparison(page, report.Methods, figures.Layers);
        for (int m = 0; m < report.Methods.Count; m++) ReportTables.AppendLayers(page, report.Methods[m], m);
        AppendRun(page, report);
        page.Append("</main>\n");
        AppendScripts(page);
        return page.Append("</body>\n</html>\n").ToString();
    }

    internal static void AppendHead(StringBuilder page, string title) =>
        page.Append($"""
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta http-equiv="Content-Security-Policy" content="{Policy}">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>{Escape(title)}</title>
            <style>
            {Asset("report.css")}</style>
            </head>
            <body>
            <main>

            """);

    internal static string Escape(string text) => WebUtility.HtmlEncode(text);

    /// <summary>The method's mark as in the charts: a shape in the method's colour.</summary>
    internal static string Mark(int method)
    {
        string shape = (method % Figures.Marks) switch
        {
            0 => "<circle cx='7' cy='7' r='5'/>",
            1 => "<rect x='2.5' y='2.5' width='9' height='9'/>",
            2 => "<path d='M7 1.5 12.5 11.5H1.5z'/>",
            3 => "<path d='M7 .8 12.2 7 7 13.2 1.8 7z'/>",
            4 => "<path d='M5 1.5h4v3.5h3.5v4H9v3.5H5V9H1.5V5H5z'/>",
            _ => "<path d='M7 12.5 12.5 2.5H1.5z'/>",
        };
        return $"<svg class=\"mark m{method % Figures.Marks}\" viewBox=\"0 0 14 14\" fill=\"currentColor\" aria-hidden=\"true\">{shape}</svg>";
    }

    private static void AppendHeader(StringBuilder page, RunReport report)
    {
        page.Append($"<header>\n<p class=\"brand\">EvenNet · change rates</p>\n<h1>{Escape(report.Title)}</h1>\n");
        if (report.Command is { } command) page.Append($"<p class=\"command\"><code>{Escape(command)}</code></p>\n");
        page.Append("<dl class=\"facts\">\n");
        AppendFact(page, "device", report.Device);
        AppendFact(page, "seed", report.Seed?.ToString(CultureInfo.InvariantCulture));
        if (report.Timings.Count > 0) AppendFact(page, "time", Numbers.Seconds(report.Timings.Sum(t => t.Seconds)));
        page.Append("</dl>\n</header>\n");
    }

    internal static void AppendFact(StringBuilder page, string name, string? value)
    {
        if (value is not null) page.Append($"<div><dt>{name}</dt><dd>{Escape(value)}</dd></div>\n");
    }

    private static void AppendCards(StringBuilder page, IReadOnlyList<MethodReport> methods)
    {
        page.Append("<div class=\"cards\">\n");
        for (int m = 0; m < methods.Count; m++)
        {
            MethodReport method = methods[m];
            page.Append($"""
                <section class="card">
                <h2>{Mark(m)}<span>{Escape(method.Name)}</span></h2>
                <p class="number">{Numbers.Ratio(method.Flatness)}</p>
                <p class="label">flatness: largest over smallest layer rate; 1 is even</p>

                """);
            if (method.FunctionChange is { } change)
                page.Append($"<p class=\"more\">rescaling changed the output by at most <b>{Numbers.Text(change)}</b>, relative</p>\n");
            page.Append("</section>\n");
        }
        page.Append("</div>\n");
    }

    private static void AppendWarnings(StringBuilder page, RunReport report)
    {
        string[] lines =
        [
            .. report.Notes.Select(Escape),
            .. report.Methods.SelectMany(m => m.Fallbacks.Select(f => $"<b>{Escape(m.Name)}</b>: {Escape(f)}")),
        ];
        if (lines.Length > 0)
            page.Append($"<section class=\"warnings\">\n<h2>Before you read the numbers</h2>\n<ul>\n{string.Concat(lines.Select(l => $"<li>{l}</li>\n"))}</ul>\n</section>\n");

        string[] notes = [.. report.Methods.SelectMany(m => m.Notes.Select(n => $"{Escape(m.Name)}: {Escape(n)}"))];
        if (notes.Length > 0)
            page.Append($"<ul class=\"notes quiet\">\n{string.Concat(notes.Select(n => $"<li>{n}</li>\n"))}</ul>\n");
    }

    private static void AppendRates(StringBuilder page, Figures figures, IReadOnlyList<MethodReport> methods)
    {
        page.Append("<h2>How fast each layer learns</h2>\n");
        page.Append("<p class=\"quiet prose\">The change rate of a layer is the size of its gradient relative to its weights, measured over the images. A net learns evenly where the line is level, and where the weights within a layer agree, so that the variation is low.</p>\n");
        AppendFigure(page, figures, "rate", "Change rate", "Average change rate of each layer’s columns (Krähenbühl et al. 2016, Figure 1a). The axis spans whole decades.", figures.Rates(), methods);
        AppendFigure(page, figures, "variation", "Variation within the layer", "Standard deviation of the columns’ change rates over their mean (Figure 1b). Lower is more even.", figures.Variations(), methods);
    }

    private static void AppendActivations(StringBuilder page, Figures figures, IReadOnlyList<MethodReport> methods)
    {
        bool hasRanges = methods.Any(m => m.Layers.Any(l => l.ChannelMean is not null || l.ChannelStd is not null));
        string bands = hasRanges ? " Bands reach from the lowest to the highest channel." : "";
        page.Append("<h2>What each layer puts out</h2>\n");
        page.Append($"<p class=\"quiet prose\">Outputs before the ReLU, over images, channels and positions.{bands}</p>\n");
        page.Append($"<div class=\"pair{(figures.IsWide ? " wide" : "")}\">\n");
        AppendFigure(page, figures, "mean", "Mean", null, figures.Means(), methods);
        AppendFigure(page, figures, "deviation", "Standard deviation", null, figures.Deviations(), methods);
        page.Append("</div>\n");
    }

    private static void AppendFigure(StringBuilder page, Figures figures, string id, string title, string? caption, JsonObject spec, IReadOnlyList<MethodReport> methods)
    {
        string legend = methods.Count == 1 ? "" : $"<ul class=\"legend\">{string.Concat(methods.Select((m, i) => $"<li>{Mark(i)}{Escape(m.Name)}</li>"))}</ul>\n";
        string explanation = caption is null ? "" : $"<p>{caption}</p>\n";
        // The serializer's default escaping leaves no < in the specification, whatever a layer is called.
        page.Append($"""
            <figure>
            <figcaption><h3>{title}</h3>
            {explanation}{legend}</figcaption>
            <div class="scroll"><div class="chart" style="min-width: {figures.SmallestWidth}px" data-spec="spec-{id}"></div></div>
            <script type="application/json" id="spec-{id}">{spec.ToJsonString()}</script>
            </figure>

            """);
    }

    private static void AppendFilters(StringBuilder page, IReadOnlyList<MethodReport> methods)
    {
        string[] layers = [.. methods.SelectMany(m => m.Filters).Select(f => f.Layer).Distinct()];
        foreach (string layer in layers)
        {
            page.Append($"<h2>Filters of {Escape(layer)}</h2>\n");
            page.Append("<p class=\"quiet prose\">Each filter is scaled on its own about its mean, which is the middle grey.</p>\n<figure><div class=\"mosaics\">\n");
            for (int m = 0; m < methods.Count; m++)
                foreach (FilterPicture picture in methods[m].Filters.Where(f => f.Layer == layer))
                    page.Append($"<div><p>{Mark(m)}{Escape(methods[m].Name)}</p><img width=\"{picture.Width}\" height=\"{picture.Height}\" alt=\"filters of {Escape(layer)}, {Escape(methods[m].Name)}\" src=\"data:image/png;base64,{Convert.ToBase64String(picture.Png)}\"></div>\n");
            page.Append("</div></figure>\n");
        }
    }

    private static void AppendRun(StringBuilder page, RunReport report)
    {
        if (report.Timings.Count > 0)
        {
            page.Append("<h2>Time</h2>\n");
            ReportTables.AppendTimings(page, report.Timings);
        }
        if (report.Settings.Count > 0)
        {
            page.Append("<h2>Settings</h2>\n");
            ReportTables.AppendValues(page, report.Settings);
        }
        page.Append("<footer>\n");
        if (report.Versions.Count > 0) page.Append($"<p>{string.Join(" · ", report.Versions.Select(v => $"{Escape(v.Name)} {Escape(v.Value)}"))}</p>\n");
        page.Append("<p>The method: P. Krähenbühl, C. Doersch, J. Donahue, T. Darrell, <i>Data-dependent initializations of convolutional neural networks</i>, ICLR 2016. Charts by Vega-Lite; its licences are in this file’s source.</p>\n</footer>\n");
    }

    internal static void AppendScripts(StringBuilder page)
    {
        page.Append($"<script>/*\n{Asset("NOTICES.txt")}*/</script>\n");
        foreach (string script in (string[])["vega.min.js", "vega-lite.min.js", "vega-embed.min.js", "report.js"])
            page.Append("<script>").Append(Asset(script)).Append("</script>\n");
    }

    private static string Asset(string name)
    {
        using Stream stream = typeof(HtmlReport).Assembly.GetManifestResourceStream(name)!;
        return new StreamReader(stream, Encoding.UTF8).ReadToEnd();
    }
}

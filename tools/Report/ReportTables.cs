using System.Globalization;
using System.Text;
using static EvenNet.Report.HtmlReport;

namespace EvenNet.Report;

/// <summary>The page's tables: everything that the charts show, and what they do not.</summary>
internal static class ReportTables
{
    // Longer tables start closed.
    private const int LongTable = 20;

    /// <summary>Rate and variation of each layer, the methods side by side.</summary>
    public static void AppendComparison(StringBuilder page, IReadOnlyList<MethodReport> methods, IReadOnlyList<string> layers)
    {
        if (methods.Count == 1) return;
        page.Append($"<details{(layers.Count <= LongTable ? " open" : "")}><summary>Rate and variation side by side</summary>\n");
        page.Append("<div class=\"scroll\"><table>\n<thead><tr><th rowspan=\"2\" scope=\"col\">layer</th>");
        for (int m = 0; m < methods.Count; m++) page.Append($"<th colspan=\"2\" class=\"group\" scope=\"colgroup\">{Mark(m)} {Escape(methods[m].Name)}</th>");
        page.Append("</tr>\n<tr>");
        foreach (MethodReport _ in methods) page.Append("<th class=\"quiet group\" scope=\"col\">rate</th><th class=\"quiet\" scope=\"col\">variation</th>");
        page.Append("</tr></thead>\n<tbody>\n");
        foreach (string layer in layers)
        {
            page.Append($"<tr><th scope=\"row\">{Escape(layer)}</th>");
            foreach (MethodReport method in methods)
            {
                LayerReport? found = method.Layers.FirstOrDefault(l => l.Name == layer);
                page.Append(Cell(found?.Rate, "group")).Append(Cell(found?.RateCv));
            }
            page.Append("</tr>\n");
        }
        page.Append("<tr><th scope=\"row\">flatness</th>");
        foreach (MethodReport method in methods) page.Append($"<td class=\"group\"><b>{Numbers.Ratio(method.Flatness)}</b></td><td></td>");
        page.Append("</tr>\n</tbody></table></div></details>\n");
    }

    /// <summary>All that was measured of one method's layers.</summary>
    public static void AppendLayers(StringBuilder page, MethodReport method, int index)
    {
        bool hasElements = method.Layers.Any(l => l.ElementRate is not null || l.ElementRateCv is not null);
        bool hasMeans = method.Layers.Any(l => l.ChannelMean is not null), hasStds = method.Layers.Any(l => l.ChannelStd is not null);

        page.Append($"<details{(method.Layers.Count <= LongTable ? " open" : "")}><summary>{Mark(index)}{Escape(method.Name)}, {method.Layers.Count} layers</summary>\n");
        page.Append("<div class=\"scroll\"><table>\n<thead><tr><th scope=\"col\">layer</th><th scope=\"col\">rate</th><th scope=\"col\">variation</th>");
        if (hasElements) page.Append("<th class=\"group\" scope=\"col\">rate of<br>single weights</th><th scope=\"col\">variation</th>");
        page.Append("<th class=\"group\" scope=\"col\">output<br>mean</th>");
        if (hasMeans) page.Append("<th scope=\"col\">lowest and highest<br>channel</th>");
        page.Append("<th class=\"group\" scope=\"col\">output<br>deviation</th>");
        if (hasStds) page.Append("<th scope=\"col\">lowest and highest<br>channel</th>");
        page.Append("</tr></thead>\n<tbody>\n");
        foreach (LayerReport layer in method.Layers)
        {
            page.Append($"<tr><th scope=\"row\">{Escape(layer.Name)}</th>").Append(Cell(layer.Rate)).Append(Cell(layer.RateCv));
            if (hasElements) page.Append(Cell(layer.ElementRate, "group")).Append(Cell(layer.ElementRateCv));
            page.Append(Cell(layer.OutputMean, "group"));
            if (hasMeans) page.Append(Cell(layer.ChannelMean));
            page.Append(Cell(layer.OutputStd, "group"));
            if (hasStds) page.Append(Cell(layer.ChannelStd));
            page.Append("</tr>\n");
        }
        page.Append("</tbody></table></div></details>\n");
    }

    /// <summary>Steps and their seconds, with a bar for the share of the longest.</summary>
    public static void AppendTimings(StringBuilder page, IReadOnlyList<Timing> timings)
    {
        double longest = Math.Max(timings.Max(t => t.Seconds), double.Epsilon);
        page.Append("<div class=\"scroll tablebox\"><table class=\"lines\">\n<tbody>\n");
        foreach (Timing step in timings)
        {
            string width = (100 * Math.Clamp(step.Seconds / longest, 0, 1)).ToString("0.0", CultureInfo.InvariantCulture);
            page.Append($"<tr><th scope=\"row\">{Escape(step.Name)}</th><td class=\"value\">{Numbers.Seconds(step.Seconds)}</td><td class=\"bar\"><i style=\"width: {width}%\"></i></td></tr>\n");
        }
        page.Append("</tbody></table></div>\n");
    }

    /// <summary>Names and values.</summary>
    public static void AppendValues(StringBuilder page, IReadOnlyList<NamedValue> values)
    {
        page.Append("<div class=\"scroll tablebox\"><table class=\"lines\">\n<tbody>\n");
        foreach (NamedValue line in values) page.Append($"<tr><th scope=\"row\">{Escape(line.Name)}</th><td>{Escape(line.Value)}</td></tr>\n");
        page.Append("</tbody></table></div>\n");
    }

    private static string Cell(double? value, string kind = "")
    {
        if (value is { } number && !double.IsFinite(number)) kind += " bad";
        return $"<td class=\"{kind.Trim()}\">{Numbers.Text(value)}</td>";
    }

    private static string Cell(ChannelRange? spread) => spread is { } s ? $"<td>{Numbers.Text(s.Lowest)} … {Numbers.Text(s.Highest)}</td>" : "<td></td>";
}

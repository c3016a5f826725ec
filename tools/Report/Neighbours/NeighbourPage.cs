using System.Globalization;
using System.Text;
using EvenNet.Framework;

namespace EvenNet.Report;

/// <summary>A <see cref="NeighbourReport"/> as one HTML file that needs nothing else: every picture is inside once, whatever the number of rows that show it.</summary>
public static class NeighbourPage
{
    /// <summary>Writes the page through <see cref="AtomicFile"/>.</summary>
    /// <exception cref="IOException">The file could not be written; an earlier one is unchanged.</exception>
    public static void Write(string path, NeighbourReport report, IImageEncoder encoder) => AtomicFile.WriteText(path, Render(report, encoder));

    /// <summary>The page as text.</summary>
    public static string Render(NeighbourReport report, IImageEncoder encoder)
    {
        var page = new StringBuilder(1 << 20);
        HtmlReport.AppendHead(page, report.Title);
        page.Append($"<header>\n<p class=\"brand\">EvenNet · nearest neighbours</p>\n<h1>{HtmlReport.Escape(report.Title)}</h1>\n");
        page.Append($"<p class=\"command\"><code>{HtmlReport.Escape(report.Command)}</code></p>\n<p class=\"quiet\">{HtmlReport.Escape(report.Description)}</p>\n</header>\n");
        AppendStyle(page, report, encoder);
        page.Append("<p class=\"quiet prose\">At the left the query, then the pictures that each net holds for the most alike, the nearest first (Krähenbühl et al. 2016, Figure 2). Names and distances appear under the pointer.</p>\n");
        page.Append("<div class=\"scroll\"><table class=\"near\">\n<thead><tr><th scope=\"col\">query</th>");
        for (int n = 0; n < report.Nets.Count; n++)
            page.Append($"<th scope=\"col\">{HtmlReport.Mark(n)} {HtmlReport.Escape(report.Nets[n].Name)}<br><span class=\"quiet\">{HtmlReport.Escape(report.Nets[n].Details)}</span></th>");
        page.Append("</tr></thead>\n<tbody>\n");
        foreach (NeighbourQuery query in report.Queries)
        {
            page.Append("<tr><td>");
            AppendPicture(page, report, query.Picture, null);
            page.Append("</td>");
            foreach (IReadOnlyList<Neighbour> answer in query.Answers)
            {
                page.Append("<td>");
                foreach (Neighbour neighbour in answer) AppendPicture(page, report, neighbour.Index, neighbour.Distance);
                page.Append("</td>");
            }
            page.Append("</tr>\n");
        }
        return page.Append("</tbody>\n</table></div>\n</main>\n</body>\n</html>\n").ToString();
    }

    private static void AppendPicture(StringBuilder page, NeighbourReport report, int picture, double? distance)
    {
        string name = Path.GetFileName(report.Pictures[picture].Name);
        string text = HtmlReport.Escape(distance is { } d ? string.Create(CultureInfo.InvariantCulture, $"{name}, at {d:G4}") : name);
        page.Append($"<i role=\"img\" class=\"p{picture}\" title=\"{text}\" aria-label=\"{text}\"></i>");
    }

    private static void AppendStyle(StringBuilder page, NeighbourReport report, IImageEncoder encoder)
    {
        int side = report.Pictures.Count > 0 ? report.Pictures[0].Thumbnail.Width : 1;
        page.Append(CultureInfo.InvariantCulture, $$"""
            <style>
            .near { border-collapse: collapse; margin: 16px 0 0; }
            .near th { text-align: left; font-weight: 600; padding: 4px 12px 6px 0; vertical-align: bottom; font-size: 13px; }
            .near th span { font-weight: 400; }
            .near td { padding: 0 12px 2px 0; white-space: nowrap; }
            .near i { display: inline-block; width: {{side}}px; height: {{side}}px; margin-right: 2px; vertical-align: top; background-size: cover; print-color-adjust: exact; }

            """);
        foreach (int picture in report.Queries.SelectMany(q => q.Answers.SelectMany(a => a.Select(n => n.Index)).Append(q.Picture)).Distinct().Order())
            page.Append($".p{picture}{{background-image:url(data:{encoder.MediaType};base64,{Convert.ToBase64String(encoder.Encode(report.Pictures[picture].Thumbnail))})}}\n");
        page.Append("</style>\n");
    }
}

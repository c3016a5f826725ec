using System.Text.RegularExpressions;
using EvenNet.Report;

namespace EvenNet.Tests;

public sealed partial class HtmlReportTests
{
    // Names that would end a script, a tag or an attribute, or be read as a path into the data, if they were not escaped.
    private const string Hostile = "</script><img src=x onerror=console.error('out')> \"quoted\" 'a' a.b[0] \\u0041 {{x}} &amp;";

    [Test]
    public void The_page_refers_to_nothing_outside_itself()
    {
        string page = HtmlReport.Render(SampleReport.Of(layers: 8, methods: 4));
        string own = Scripts().Replace(page, match => match.Groups[1].Value.Length > 0 ? match.Value : "");

        string[] references = [.. References().Matches(own).Select(m => m.Groups[1].Value)];
        Assert.That(references, Has.Length.EqualTo(4).And.All.StartsWith("data:image/png;base64,"));
        string text = References().Replace(own, "");
        Assert.That(Regex.Matches(text, ".{0,40}(?:https?:|//[a-z]|url\\(|@import).{0,40}").Select(m => m.Value), Is.Empty);
        Assert.That(page, Does.Contain("http-equiv=\"Content-Security-Policy\" content=\"default-src 'none';"));
    }

    [Test]
    public void The_library_in_the_page_holds_no_addresses_but_names_of_namespaces_and_a_link_that_is_switched_off()
    {
        string page = HtmlReport.Render(SampleReport.Of(layers: 8, methods: 1));
        int library = page.IndexOf("globalThis:t||self).vega=", StringComparison.Ordinal);
        Assert.That(Addresses().Matches(page[library..]).Select(m => m.Value).Distinct(), Is.SubsetOf(new[]
        {
            "http://www.w3.org/1999/xlink", "http://www.w3.org/2000/svg", "http://www.w3.org/2000/xmlns/",
            "https://github.com/vega/vega-lite/issues/2415", "https://vega.github.io/schema/vega/v6.json",
            "https://github.com/Starcounter-Jack/JSON-Patch", "https://vega.github.io/editor/",
        }));
    }

    [Test]
    public void The_page_carries_the_licences_of_what_it_holds()
    {
        string page = HtmlReport.Render(SampleReport.Of(layers: 8, methods: 1));
        Assert.That(page, Does.Contain("Redistributions in binary form must reproduce the above copyright notice"));
        foreach (string name in (string[])["vega 6.4.0", "vega-lite 6.4.3", "vega-embed 7.3.0", "d3-array"])
            Assert.That(page, Does.Contain(name));
        foreach (string version in (string[])["version=\"6.4.0\"", "n=\"6.4.3\"", "\"7.3.0\""])
            Assert.That(page, Does.Contain(version), "the library's own word for its version");
    }

    [Test]
    public void Every_number_is_in_a_table_so_that_the_page_reads_without_scripts()
    {
        RunReport report = SampleReport.Of(layers: 8, methods: 2);
        string page = Scripts().Replace(HtmlReport.Render(report), "");
        foreach (LayerReport layer in report.Methods.SelectMany(m => m.Layers))
            foreach (double number in (double[])[layer.Rate, layer.RateCv, layer.ElementRate!.Value, layer.ElementRateCv!.Value, layer.OutputMean, layer.OutputStd])
                Assert.That(page, Does.Contain($">{Numbers.Text(number)}</td>"), layer.Name);
        foreach (NamedValue setting in report.Settings) Assert.That(page, Does.Contain($"<td>{setting.Value}</td>"));
        foreach (Timing step in report.Timings) Assert.That(page, Does.Contain($">{Numbers.Seconds(step.Seconds)}</td>"));
        Assert.That(page, Does.Contain("<noscript>"));
    }

    [Test]
    public void Fallbacks_and_notes_stand_above_the_figures()
    {
        string page = HtmlReport.Render(SampleReport.Of(layers: 64, methods: 2));
        int first = page.IndexOf("<figure>", StringComparison.Ordinal);
        Assert.That(page.IndexOf("3 filters died and were drawn again", StringComparison.Ordinal), Is.InRange(0, first));
        Assert.That(page.IndexOf("3 of 163 files were passed over", StringComparison.Ordinal), Is.InRange(0, first));
    }

    [Test]
    public void Whatever_things_are_called_the_page_shows_it_as_text()
    {
        string page = HtmlReport.Render(HostileReport());
        Assert.That(page, Does.Not.Contain("<img src=x"));
        Assert.That(Regex.Count(page, "<script"), Is.EqualTo(Regex.Count(page, "</script>")));
        Assert.That(Regex.Count(page, "&lt;/script&gt;&lt;img src=x"), Is.GreaterThan(10));
    }

    [Test]
    public void A_report_without_methods_or_layers_is_refused()
    {
        RunReport report = SampleReport.Of(layers: 8, methods: 1);
        Assert.That(() => HtmlReport.Render(report with { Methods = [] }), Throws.ArgumentException.With.Message.Contains("no method"));
        Assert.That(() => HtmlReport.Render(report with { Methods = [report.Methods[0] with { Layers = [] }] }),
            Throws.ArgumentException.With.Message.Contains("k-means has no layers"));
    }

    [TestCase(8, 1)]
    [TestCase(8, 4)]
    [TestCase(64, 1)]
    [TestCase(64, 4)]
    public void A_browser_draws_every_chart_and_complains_about_nothing(int layers, int methods)
    {
        RunReport report = SampleReport.Of(layers, methods);
        using var folder = new TemporaryFolder();
        string file = folder["report.html"];
        HtmlReport.Write(file, report);

        Browser.Page page = Browser.Open(file);

        Assert.That(page.Console, Is.Empty);
        Assert.That(page.Dom, Does.Contain("data-charts=\"drawn\""));
        string[] charts = [.. Charts().Matches(page.Dom).Select(m => m.Value)];
        Assert.That(charts, Has.Length.EqualTo(4));
        foreach (string chart in charts)
        {
            Assert.That(Regex.Count(chart, "aria-roledescription=\"point\""), Is.EqualTo(layers * methods), "points");
            Assert.That(Regex.Count(chart, "aria-roledescription=\"line mark\""), Is.EqualTo(methods), "lines");
            foreach (LayerReport layer in report.Methods[0].Layers) Assert.That(chart, Does.Contain($">{layer.Name}</text>"));
        }
    }

    [Test]
    public void A_browser_draws_numbers_that_are_no_numbers_and_hostile_names()
    {
        using var folder = new TemporaryFolder();
        string file = folder["report.html"];
        HtmlReport.Write(file, HostileReport());

        Browser.Page page = Browser.Open(file);

        Assert.That(page.Console, Is.Empty);
        Assert.That(page.Dom, Does.Contain("data-charts=\"drawn\""));
        Assert.That(Charts().Count(page.Dom), Is.EqualTo(4));
    }

    /// <summary>Writes pages for a person to look at, into artifacts/report.</summary>
    [Test, Explicit("writes pages to look at")]
    public void Pages_to_look_at()
    {
        string folder = House.Repository.Path("artifacts/report");
        Directory.CreateDirectory(folder);
        foreach (int layers in (int[])[8, 64])
            foreach (int methods in (int[])[1, 4])
                HtmlReport.Write(Path.Combine(folder, $"{layers}x{methods}.html"), SampleReport.Of(layers, methods));
        HtmlReport.Write(Path.Combine(folder, "hostile.html"), HostileReport());
        Assert.That(Directory.GetFiles(folder, "*.html"), Has.Length.GreaterThanOrEqualTo(5), folder);
    }

    private static RunReport HostileReport()
    {
        RunReport report = SampleReport.Of(layers: 8, methods: 2);
        LayerReport[] layers =
        [
            new(Hostile, 0, double.NaN, double.NegativeInfinity, 0), new("dead", 0, double.NaN, 0, 0),
            new("diverged", double.NaN, double.PositiveInfinity, double.NaN, double.PositiveInfinity), new("huge", 1e300, 1e9, -1e300, 1e300), new("fine", 0.1, 0.2, 0.1, 1),
        ];
        return report with
        {
            Title = Hostile,
            Command = Hostile,
            Device = Hostile,
            Notes = [Hostile],
            Versions = [new(Hostile, Hostile)],
            Settings = [new(Hostile, Hostile)],
            Timings = [new(Hostile, 0)],
            Methods =
            [
                report.Methods[0] with { Name = Hostile, Layers = layers, Flatness = double.PositiveInfinity, Fallbacks = [Hostile], Notes = [Hostile], Filters = [report.Methods[0].Filters[0] with { Layer = Hostile }] },
                report.Methods[1] with { Name = Hostile, Flatness = double.NaN },
            ],
        };
    }

    [GeneratedRegex("<script( type=\"application/json\")?[^>]*>.*?</script>", RegexOptions.Singleline)]
    private static partial Regex Scripts();

    [GeneratedRegex("\\s(?:src|href)=\"([^\"]*)\"")]
    private static partial Regex References();

    [GeneratedRegex("https?://[A-Za-z0-9./_-]+")]
    private static partial Regex Addresses();

    [GeneratedRegex("<svg[^>]*class=\"marks\".*?</svg>", RegexOptions.Singleline)]
    private static partial Regex Charts();
}

using System.CommandLine;
using EvenNet.Framework;
using EvenNet.Report;

namespace EvenNet.Cli;

/// <summary>One page from the reports of several runs, their methods overlaid.</summary>
internal sealed class ReportVerb : Verb
{
    private readonly Argument<string[]> runs = new("RUN") { Description = $"Folders that init, diagnose or demo wrote (with {RunFolder.JsonName} in them), or such files.", Arity = ArgumentArity.OneOrMore };
    private readonly Option<string> output = new("--out", "-o") { Description = "The page to write.", HelpName = "FILE", DefaultValueFactory = _ => RunFolder.HtmlName };

    public ReportVerb() : base("report", "Makes one HTML page from saved runs, the methods overlaid; the page needs no network.",
        "evennet report w.report", "evennet report gaussian.report kmeans.report -o compared.html")
    {
        Arguments.Add(runs);
        Add(output);
    }

    public override int Run(ParseResult options, Ui ui, CancellationToken cancellation)
    {
        string[] places = options.GetRequiredValue(runs);
        string page = options.GetRequiredValue(output);
        RunReport[] reports = [.. places.Select(RunFolder.Read)];
        HtmlReport.Write(page, Together(places, reports));
        ui.Result(page);
        return ExitCode.Ok;
    }

    private static RunReport Together(string[] places, RunReport[] reports)
    {
        if (reports.Length == 1) return reports[0];
        // Equal names get their folder's beside them.
        var names = reports.SelectMany(r => r.Methods).GroupBy(m => m.Name).Where(g => g.Count() > 1).Select(g => g.Key).ToHashSet();
        return new RunReport
        {
            Title = string.Join(" · ", reports.Select(r => r.Title).Distinct()),
            Versions = Reporting.Versions,
            Settings = [.. reports.SelectMany((r, i) => r.Settings.Select(s => new NamedValue($"{Label(places[i])}: {s.Name}", s.Value)))],
            Timings = [.. reports.SelectMany((r, i) => r.Timings.Select(t => new Timing($"{Label(places[i])}: {t.Name}", t.Seconds)))],
            Notes = [.. reports.SelectMany(r => r.Notes).Distinct()],
            Methods = [.. reports.SelectMany((r, i) => r.Methods.Select(m => names.Contains(m.Name) ? m with { Name = $"{m.Name} ({Label(places[i])})" } : m))],
        };
    }

    private static string Label(string place) => Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(place)));
}

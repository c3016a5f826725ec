using System.CommandLine;
using EvenNet.Framework;
using EvenNet.Report;

namespace EvenNet.Cli;

/// <summary>One page from several trainings, or from the reports of several initializations, overlaid.</summary>
internal sealed class ReportVerb : Verb
{
    private readonly Argument<string[]> runs = new("RUN")
    {
        Description = $"Folders of trainings (with {RunRecord.FileName} and {MetricsFile.FileName}), or folders that init, diagnose or demo wrote (with {RunFolder.JsonName}).",
        Arity = ArgumentArity.OneOrMore,
    };

    private readonly Option<string> output = new("--out", "-o") { Description = "The page to write.", HelpName = "FILE", DefaultValueFactory = _ => RunFolder.HtmlName };
    private readonly Option<bool> json = new("--json") { Description = "Print one JSON document with the page's data; the page itself is written only where --out names it." };

    public ReportVerb() : base("report", "Makes one HTML page from saved runs, overlaid; the page needs no network.",
        "evennet report runs/20260301-123000-caffenet", "evennet report runs/* --out compared.html", "evennet report gaussian.report kmeans.report -o initializations.html")
    {
        Arguments.Add(runs);
        Add(output);
        Add(json);
    }

    public override int Run(ParseResult options, Ui ui, CancellationToken cancellation)
    {
        string[] places = options.GetRequiredValue(runs);
        string? page = options.GetValue(json) && options.GetResult(output) is not { Implicit: false } ? null : options.GetRequiredValue(output);
        // The demo's folder has a record too, but what there is to see of it is its initializations.
        bool[] isInit = [.. places.Select(p => File.Exists(Directory.Exists(p) ? Path.Combine(p, RunFolder.JsonName) : p))];
        bool[] isTraining = [.. places.Select((p, i) => !isInit[i] && RunData.IsRun(p))];
        if (isTraining.Contains(true) && isInit.Contains(true))
            throw new ToolException(ExitCode.Usage, $"{places[Array.IndexOf(isTraining, true)]} is a training and {places[Array.IndexOf(isInit, true)]} the report of an initialization: they have no curve in common; make a page of each kind");
        // A folder that is neither: of a kind with the others, or else a training if anything below is one.
        bool areTrainings = isTraining.Contains(true) || !isInit.Contains(true) && places.Any(Directory.Exists);
        string text = areTrainings ? Trainings(places, page, ui) : Initializations(places, page);
        if (options.GetValue(json)) ui.Raw(text);
        else ui.Result(page!);
        return ExitCode.Ok;
    }

    private static string Trainings(string[] places, string? page, Ui ui)
    {
        RunData[] data = [.. places.Select(RunData.Read)];
        foreach (RunData run in data)
            foreach (string problem in run.Problems) ui.Warn(problem);
        if (data.All(d => d.Curves.Count == 0 && d.Evaluation is null && d.Record is null))
            throw new ToolException(ExitCode.Data, $"there is nothing to show of {string.Join(", ", places)}");
        if (page is not null) TrainingReport.Write(page, data);
        return TrainingReport.Json(data);
    }

    private static string Initializations(string[] places, string? page)
    {
        RunReport report = Together(places, [.. places.Select(RunFolder.Read)]);
        if (page is not null) HtmlReport.Write(page, report);
        return ReportJson.Write(report);
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

using System.CommandLine;
using System.Diagnostics;
using EvenNet.Framework;
using EvenNet.Report;

namespace EvenNet.Cli;

/// <summary>A grid of trainings: runs what is not done yet, goes on with what was interrupted, and makes the table.</summary>
internal sealed class MatrixVerb : Verb
{
    private readonly Argument<string> file = new("GRID") { Description = $"A file, or one that comes with the tool: {string.Join(", ", Grid.Shipped)}." };
    private readonly Option<string> data = new("--data") { Description = "Where the data lie, as train takes it.", HelpName = "PATH", Required = true };
    private readonly Option<string> runs = new("--runs") { Description = "The folder of all runs; the grid gets a folder in it, and each run one in that.", HelpName = "DIR", DefaultValueFactory = _ => "runs" };
    private readonly Option<double> scale = new("--scale") { Description = "Multiply all iterations by this: 0.005 makes 400 of 80,000.", HelpName = "X", DefaultValueFactory = _ => 1 };
    private readonly Option<string[]> only = new("--only") { Description = "Only combinations with one of these values on some axis.", HelpName = "NAME", AllowMultipleArgumentsPerToken = true };
    private readonly Option<bool> print = new("--print") { Description = "Run nothing: print what is done and what is not." };
    private readonly Option<string?> output = new("--out", "-o") { Description = "Write the table here as Markdown; also beside the runs.", HelpName = "FILE" };
    private readonly Option<int> workers = new("--workers") { Description = "Threads that decode; 0 means one per processor.", HelpName = "N" };
    private readonly DeviceChoice device;

    public MatrixVerb() : base("matrix", "Trains every combination of a grid (nets, initializations, solvers, seeds), leaves out what is done, survives interruption, and makes a table and a page of what was found.",
        "evennet matrix table2 --data VOCdevkit", "evennet matrix initializations --data VOCdevkit --scale 0.005 --out table.md", "evennet matrix grid.json --data DIR --print")
    {
        Arguments.Add(file);
        scale.RequireBetween(1e-9, 1e9);
        workers.RequireAtLeast(0);
        foreach (Option option in (Option[])[data, runs, scale, only, print, output, workers]) Add(option);
        device = new DeviceChoice(this);
    }

    public override int Run(ParseResult options, Ui ui, CancellationToken cancellation)
    {
        Grid grid = Grid.Open(options.GetRequiredValue(file));
        double factor = options.GetValue(scale);
        string folder = Path.Combine(options.GetRequiredValue(runs), grid.Name);
        var verb = new TrainKindVerb(TrainingKind.All.First(k => k.Name == grid.Data));
        Work[] all = [.. Chosen(grid, options).Select(cell => new Work(cell, new RunFiles(Path.Combine(folder, cell.Folder)), verb.Complete(new(cell.Settings) { [grid.Data] = options.GetRequiredValue(data) }, factor)))];
        foreach (Work work in all) RequireSame(work);
        ui.Note("grid", $"{grid.Title}: {all.Length} runs, {all.Count(IsDone)} done");
        if (options.GetValue(print)) Print(all, ui);
        else if (RunAll(all, verb, options, ui, cancellation) is { } stopped) return stopped;

        var tables = new GridTables(grid, all.Where(w => File.Exists(w.Files.Record)).ToDictionary(w => w.Cell.Folder, w => RunRecord.Read(w.Files.Folder)));
        foreach ((string title, string[] header, IReadOnlyList<string[]> rows) in tables.All())
        {
            var table = new TextTable(header);
            foreach (string[] row in rows) table.Add(row);
            ui.Result();
            if (title.Length > 0) ui.Result(title);
            ui.Result(table);
        }
        string markdown = tables.Markdown(Command(options, grid));
        if (Directory.Exists(folder))
        {
            AtomicFile.WriteText(Path.Combine(folder, "table.md"), markdown, cancellation);
            string page = Path.Combine(folder, RunFolder.HtmlName);
            TrainingReport.Write(page, [.. all.Where(w => File.Exists(w.Files.Record)).Select(w => RunData.Read(w.Files.Folder))]);
            ui.Note("wrote", $"{page} (open it: all runs overlaid)");
        }
        if (options.GetValue(output) is { } place) AtomicFile.WriteText(place, markdown, cancellation);
        return ExitCode.Ok;
    }

    // Paths are the machine's, the rest can be pasted.
    private string Command(ParseResult options, Grid grid) =>
        $"evennet matrix {Path.GetFileName(options.GetRequiredValue(file))} --data PATH{(options.GetValue(scale) is not 1 and var x ? string.Create(System.Globalization.CultureInfo.InvariantCulture, $" --scale {x}") : "")}{(options.GetValue(only) is { Length: > 0 } names ? $" --only {string.Join(' ', names.Select(Text.Quoted))}" : "")}";

    private IEnumerable<GridCell> Chosen(Grid grid, ParseResult options)
    {
        string[] names = options.GetValue(only) ?? [];
        string[] known = [.. grid.Axes.SelectMany(a => a.Values.Keys).Distinct()];
        if (names.FirstOrDefault(n => !known.Contains(n)) is { } unknown)
            throw new ToolException(ExitCode.Usage, $"--only {unknown}: no axis has such a value; did you mean {NearestName.Of(unknown, known)}? There are {string.Join(", ", known)}");
        return grid.Cells().Where(c => names.Length == 0 || c.Names.Intersect(names).Any());
    }

    // A run that is there must be the one that is wanted.
    private static void RequireSame(Work work)
    {
        if (!File.Exists(work.Files.Record)) return;
        RunRecord record = RunRecord.Read(work.Files.Folder);
        foreach (string name in work.Settings.Keys.Union(record.Settings.Keys))
            if (work.Settings.GetValueOrDefault(name) != record.Settings.GetValueOrDefault(name))
                throw new ToolException(ExitCode.Usage, $"{work.Files.Folder} was made with --{name} {record.Settings.GetValueOrDefault(name) ?? "not given"}, the grid now says {work.Settings.GetValueOrDefault(name) ?? "nothing"}; choose another folder with --runs DIR, or delete that run");
    }

    private static bool IsDone(Work work) => File.Exists(work.Files.Record) && GridTables.IsEnd(RunRecord.Read(work.Files.Folder));

    // Null when all are done; else what the process returns.
    private int? RunAll(Work[] all, TrainKindVerb verb, ParseResult options, Ui ui, CancellationToken cancellation)
    {
        Work[] open = [.. all.Where(w => !IsDone(w))];
        var clock = Stopwatch.StartNew();
        for (int i = 0; i < open.Length; i++)
        {
            string left = i > 0 ? $", {Text.Duration(clock.Elapsed.TotalSeconds / i * (open.Length - i))} left" : "";
            ui.Note("run", $"{i + 1} of {open.Length}: {open[i].Cell.Title}{left}");
            int code;
            try
            {
                code = verb.Conduct(open[i].Settings, open[i].Files, open[i].Cell.Title, device.Arguments(options), options.GetValue(workers), ui.WithoutResults(), cancellation);
            }
            catch (ToolException error) when (error.ExitCode == ExitCode.Diverged)
            {
                // A result like others.
                ui.Warn(error.Message);
                continue;
            }
            if (code != ExitCode.Ok) return code;
            RunRecord record = RunRecord.Read(open[i].Files.Folder);
            ui.Note("found", string.Join(", ", record.Results.Select(r => $"{r.Key} {Text.Fixed(r.Value, 4)}")));
        }
        return null;
    }

    private static void Print(Work[] all, Ui ui)
    {
        var table = new TextTable("run", "state", "iterations", "folder");
        foreach (Work w in all)
        {
            RunRecord? record = File.Exists(w.Files.Record) ? RunRecord.Read(w.Files.Folder) : null;
            table.Add(w.Cell.Title, record is null ? "not begun" : record.Outcome.ToString(), $"{(record is { Sessions: [.., var last] } ? last.LastIteration : null) ?? 0} of {w.Settings["iterations"]}", w.Files.Folder);
        }
        ui.Result(table);
    }

    private sealed record Work(GridCell Cell, RunFiles Files, Dictionary<string, string> Settings);
}

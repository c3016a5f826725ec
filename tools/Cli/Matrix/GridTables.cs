using System.Text;
using EvenNet.Framework;

namespace EvenNet.Cli;

/// <summary>What the runs of a grid have found, as tables: read from their records, so that it is the same whoever made them and when.</summary>
internal sealed class GridTables
{
    private readonly Grid grid;
    private readonly Dictionary<string, RunRecord> records;
    private readonly GridCell[] cells;

    /// <param name="grid">The grid.</param>
    /// <param name="records">Of the runs that there are, by their cell's folder.</param>
    public GridTables(Grid grid, Dictionary<string, RunRecord> records) => (this.grid, this.records, cells) = (grid, records, [.. grid.Cells()]);

    /// <summary>A table for each measure where the grid has columns, else one with the measures as columns.</summary>
    public IEnumerable<(string Title, string[] Header, IReadOnlyList<string[]> Rows)> All()
    {
        string[] rows = Distinct(GridAxis.Rows), columns = Distinct(GridAxis.Columns);
        if (columns is [""])
        {
            yield return ("", [AxisNames(GridAxis.Rows), .. grid.Measures], [.. rows.Select(r => (string[])[r, .. grid.Measures.Select(m => Cell(r, "", m))])]);
            yield break;
        }
        foreach (string measure in grid.Measures)
            yield return (measure, [AxisNames(GridAxis.Rows), .. columns], [.. rows.Select(r => (string[])[r, .. columns.Select(c => Cell(r, c, measure))])]);
    }

    /// <summary>As Markdown.</summary>
    public string Markdown(string command)
    {
        var text = new StringBuilder($"# {grid.Title}\n\n    {command}\n\n");
        int done = cells.Count(c => records.TryGetValue(c.Folder, out RunRecord? r) && IsEnd(r));
        string averaged = AxisNames(GridAxis.Runs) is { Length: > 0 } over ? $" Figures are means over {over}, ± the deviation." : "";
        text.Append($"{done} of {cells.Length} runs are done.{averaged}\n");
        foreach ((string title, string[] header, IReadOnlyList<string[]> rows) in All())
        {
            text.Append(title.Length > 0 ? $"\n## {title}\n\n" : "\n");
            text.Append($"| {string.Join(" | ", header)} |\n|{string.Concat(Enumerable.Repeat("---|", header.Length))}\n");
            foreach (string[] row in rows) text.Append($"| {string.Join(" | ", row)} |\n");
        }
        if (records.Values.FirstOrDefault() is { } one)
        {
            string settings = string.Join(", ", one.Settings.Where(s => records.Values.All(r => r.Settings.GetValueOrDefault(s.Key) == s.Value) && s.Key != grid.Data).Select(s => $"{s.Key} {s.Value}"));
            text.Append($"\nThe same in all runs: {settings}.\n\nMade with EvenNet {one.Versions.GetValueOrDefault("evennet")}, .NET {one.Versions.GetValueOrDefault(".NET")}, on {one.Machine.Device}, {one.Machine.Os}.\n");
        }
        return text.ToString();
    }

    /// <summary>Whether a run needs nothing more.</summary>
    public static bool IsEnd(RunRecord record) => record.Outcome is RunOutcome.Finished or RunOutcome.StoppedEarly or RunOutcome.Diverged;

    private string Cell(string row, string column, string measure)
    {
        RunRecord[] found = [.. cells.Where(c => Value(c, GridAxis.Rows) == row && Value(c, GridAxis.Columns) == column).Select(c => records.GetValueOrDefault(c.Folder)).OfType<RunRecord>().Where(IsEnd)];
        int diverged = found.Count(r => r.Outcome == RunOutcome.Diverged);
        double[] values = [.. found.Where(r => r.Outcome != RunOutcome.Diverged && r.Results.ContainsKey(measure)).Select(r => r.Results[measure] * (IsShare(measure) ? 100 : 1))];
        string lost = diverged > 0 ? $"{diverged} of {found.Length} diverged" : "";
        if (values.Length == 0) return lost.Length > 0 ? lost : "-";
        double mean = values.Average(), deviation = values.Length > 1 ? Math.Sqrt(values.Sum(v => (v - mean) * (v - mean)) / (values.Length - 1)) : 0;
        int digits = IsShare(measure) ? 1 : 3;
        string spread = values.Length > 1 ? $" ± {Text.Fixed(deviation, digits)}" : "";
        return $"{Text.Fixed(mean, digits)}{spread}{(lost.Length > 0 ? $" ({lost})" : "")}";
    }

    // In per cent.
    private static bool IsShare(string measure) => measure.StartsWith("test.", StringComparison.Ordinal) && !measure.EndsWith("loss", StringComparison.Ordinal);

    private string[] Distinct(string place) => [.. cells.Select(c => Value(c, place)).Distinct()];

    private string Value(GridCell cell, string place) => string.Join(", ", grid.Axes.Select((a, i) => (a, i)).Where(p => p.a.Place == place).Select(p => cell.Names[p.i]));

    private string AxisNames(string place) => string.Join(", ", grid.Axes.Where(a => a.Place == place).Select(a => a.Name));
}

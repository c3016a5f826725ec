using System.Text;

namespace EvenNet.Cli;

/// <summary>Columns of text: the first to the left, the others to the right, two spaces between. Lines are never broken.</summary>
internal sealed class TextTable(params string[] headers)
{
    private readonly List<string[]> rows = [];

    /// <summary>Columns with text, set to the left like the first.</summary>
    public IReadOnlyCollection<int> Left { get; init; } = [];

    public void Add(params string[] cells) => rows.Add(cells.Length == headers.Length
        ? cells
        : throw new ArgumentException($"a row of {headers.Length} columns got {cells.Length} cells"));

    /// <summary>The header, then a line a row.</summary>
    public IEnumerable<string> Lines()
    {
        int[] widths = [.. headers.Select((h, c) => rows.Select(r => r[c].Length).Append(h.Length).Max())];
        foreach (string[] row in rows.Prepend(headers))
        {
            var line = new StringBuilder();
            for (int c = 0; c < row.Length; c++)
            {
                if (c > 0) line.Append("  ");
                line.Append(c == 0 || Left.Contains(c) ? row[c].PadRight(widths[c]) : row[c].PadLeft(widths[c]));
            }
            yield return line.ToString().TrimEnd();
        }
    }
}

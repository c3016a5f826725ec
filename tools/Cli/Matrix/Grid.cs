using System.Text.Json;
using System.Text.Json.Serialization;
using EvenNet.Framework;

namespace EvenNet.Cli;

/// <summary>A grid of experiments: every combination of the axes' values is a training of its own.</summary>
internal sealed record Grid
{
    private const string Resources = "Grids/";

    /// <summary>For folders: letters, digits, dashes.</summary>
    public required string Name { get; init; }

    /// <summary>For people.</summary>
    public required string Title { get; init; }

    /// <summary>The kind of data: «voc».</summary>
    public required string Data { get; init; }

    /// <summary>Options of <c>train</c> that hold for all, without dashes.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>();

    /// <summary>What differs.</summary>
    public required IReadOnlyList<GridAxis> Axes { get; init; }

    /// <summary>What the tables show: results of a run, «test.map», «loss».</summary>
    public required IReadOnlyList<string> Measures { get; init; }

    /// <summary>The grids that come with the tool.</summary>
    public static IReadOnlyList<string> Shipped { get; } =
        [.. typeof(Grid).Assembly.GetManifestResourceNames().Where(n => n.StartsWith(Resources, StringComparison.Ordinal)).Select(n => n[Resources.Length..]).Order(StringComparer.Ordinal)];

    /// <summary>Opens a file, or a grid that comes with the tool by its name.</summary>
    /// <exception cref="ToolException">There is none, or it is broken.</exception>
    public static Grid Open(string place)
    {
        bool isFile = File.Exists(place);
        if (!isFile && !Shipped.Contains(place))
            throw new ToolException(ExitCode.Data, $"there is no file {place}, and no grid of that name comes with the tool; did you mean {NearestName.Of(place, Shipped)}? There are {string.Join(", ", Shipped)}");
        try
        {
            using Stream stream = isFile ? File.OpenRead(place) : typeof(Grid).Assembly.GetManifestResourceStream(Resources + place)!;
            Grid grid = JsonSerializer.Deserialize(stream, GridJson.Default.Grid) ?? throw new JsonException("it is null");
            grid.Check(place);
            return grid;
        }
        catch (JsonException error)
        {
            throw new ToolException(ExitCode.Data, $"{place} is no grid: {error.Message}", error);
        }
    }

    /// <summary>Every combination, the last axis changing first.</summary>
    public IEnumerable<GridCell> Cells()
    {
        IEnumerable<GridCell> cells = [new GridCell([], new Dictionary<string, string>(Settings))];
        foreach (GridAxis axis in Axes)
            cells = cells.SelectMany(cell => axis.Values.Select(v => cell.With(v.Key, v.Value)));
        return cells;
    }

    private void Check(string path)
    {
        if (TrainingKind.All.All(k => k.Name != Data)) throw Wrong($"data is {Data}; there are {string.Join(", ", TrainingKind.All.Select(k => k.Name))}");
        if (Axes.Count == 0 || Axes.Any(a => a.Values.Count == 0)) throw Wrong("an axis has no values");
        if (Axes.FirstOrDefault(a => a.Place is not (GridAxis.Rows or GridAxis.Columns or GridAxis.Runs)) is { } axis)
            throw Wrong($"the axis {axis.Name} has the place {axis.Place}; there are {GridAxis.Rows}, {GridAxis.Columns} and {GridAxis.Runs}");
        if (Measures.Count == 0) throw Wrong("it measures nothing");
        if (Cells().GroupBy(c => c.Folder).FirstOrDefault(g => g.Count() > 1) is { } same) throw Wrong($"two combinations have the folder {same.Key}: give their values names that differ in letters and digits");
        ToolException Wrong(string why) => new(ExitCode.Data, $"{path}: {why}");
    }
}

/// <summary>One thing that differs between runs.</summary>
internal sealed record GridAxis
{
    public const string Rows = "rows", Columns = "columns", Runs = "runs";

    public required string Name { get; init; }

    /// <summary>Where its values stand in the tables; those of «runs» are averaged.</summary>
    public required string Place { get; init; }

    /// <summary>The options of each value.</summary>
    public required OrderedDictionary<string, Dictionary<string, string>> Values { get; init; }
}

/// <summary>One combination.</summary>
/// <param name="Names">Its value on each axis.</param>
/// <param name="Settings">Options without dashes.</param>
internal sealed record GridCell(IReadOnlyList<string> Names, IReadOnlyDictionary<string, string> Settings)
{
    /// <summary>«k-means-1».</summary>
    public string Folder => string.Concat(string.Join('-', Names).Select(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_' ? c : '-'));

    /// <summary>«k-means, 1».</summary>
    public string Title => string.Join(", ", Names);

    public GridCell With(string name, Dictionary<string, string> settings)
    {
        var all = new Dictionary<string, string>(Settings);
        foreach ((string option, string value) in settings) all[option] = value;
        return new GridCell([.. Names, name], all);
    }

    /// <summary>With every count of iterations multiplied, at least one.</summary>
    public GridCell Scaled(double scale)
    {
        var all = new Dictionary<string, string>(Settings);
        foreach (string option in (string[])["iterations", "step", "at", "warm-up", "eval-every", "save-every", "keep-every", "rates", "depth", "middle"])
            if (all.TryGetValue(option, out string? value)) all[option] = string.Join(' ', value.Split(' ').Select(v => Scaled(v, scale)));
        return this with { Settings = all };
    }

    private static string Scaled(string count, double scale) =>
        int.TryParse(count, out int n) && n > 0 ? Math.Max(1, (int)Math.Round(n * scale)).ToString(System.Globalization.CultureInfo.InvariantCulture) : count;
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, ReadCommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(Grid))]
internal sealed partial class GridJson : JsonSerializerContext;

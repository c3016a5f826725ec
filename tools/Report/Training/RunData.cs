using EvenNet.Framework;

namespace EvenNet.Report;

/// <summary>All that a run's folder says of a training. Broken and missing parts are left out and named, so that a killed run has a report too.</summary>
public sealed record RunData
{
    internal const string Train = "train", Rates = "rates", Depth = "depth", Loss = "loss", Map = "map", Top1 = "top1", RateSuffix = ".rate", UpdateSuffix = ".update";

    // More of one kind say nothing new.
    private const int ShownProblems = 5;

    /// <summary>Pictures of what a detector found: files of a run's folder.</summary>
    public const string PicturePattern = "detections-*.png";

    // More make the page large and say nothing new.
    private const int MostPictures = 24;

    /// <summary>The run's folder.</summary>
    public required string Folder { get; init; }

    /// <summary>What it is called.</summary>
    public required string Name { get; init; }

    /// <summary>Its settings and sessions; null where <c>run.json</c> is missing or broken.</summary>
    public RunRecord? Record { get; init; }

    /// <summary>What was measured.</summary>
    public IReadOnlyList<RunCurve> Curves { get; init; } = [];

    /// <summary>The last evaluation.</summary>
    public EvaluationRecord? Evaluation { get; init; }

    /// <summary>That of the best checkpoint, where it is another.</summary>
    public EvaluationRecord? BestEvaluation { get; init; }

    /// <summary>Pictures of what a detector found, by file name.</summary>
    public IReadOnlyList<(string Name, byte[] Png)> Pictures { get; init; } = [];

    /// <summary>What was wrong, with the file and the line.</summary>
    public IReadOnlyList<string> Problems { get; init; } = [];

    /// <summary>The curve of a kind and name, or null.</summary>
    public RunCurve? Curve(string kind, string name) => Curves.FirstOrDefault(c => c.Kind == kind && c.Name == name);

    /// <summary>Whether a folder holds a record or metrics.</summary>
    public static bool IsRun(string folder) => new RunFiles(folder) is var files && (File.Exists(files.Record) || File.Exists(files.Metrics));

    /// <summary>Reads a run's folder.</summary>
    /// <exception cref="RunFileException">It is no run's: what is missing is named, and what below it looks like one.</exception>
    public static RunData Read(string folder)
    {
        var files = new RunFiles(folder);
        if (!IsRun(folder)) throw new RunFileException(folder, WhyNot(folder));
        var problems = new List<string>();
        RunRecord? record = Try(() => RunRecord.Read(folder), problems);
        IReadOnlyList<RunCurve> curves = ReadCurves(files.Metrics, problems);
        return new RunData
        {
            Folder = folder,
            Name = record?.Name ?? Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder))),
            // Members with a default may be missing from the file.
            Record = record is null ? null : record with { Sessions = record.Sessions ?? [], Results = record.Results ?? new Dictionary<string, double>() },
            Curves = curves,
            Evaluation = File.Exists(files.Evaluation) ? Try(() => EvaluationRecord.Read(files.Evaluation), problems) : null,
            BestEvaluation = File.Exists(files.BestEvaluation) ? Try(() => EvaluationRecord.Read(files.BestEvaluation), problems) : null,
            Pictures = Try(() => Directory.EnumerateFiles(folder, PicturePattern).Order(StringComparer.Ordinal).Take(MostPictures).Select(f => (Path.GetFileNameWithoutExtension(f), File.ReadAllBytes(f))).ToArray(), problems) ?? [],
            Problems = problems,
        };
    }

    private static string WhyNot(string folder)
    {
        if (!Directory.Exists(folder)) return File.Exists(folder) ? "is a file; a run is a folder" : "there is no such folder";
        string[] below = [.. Directory.EnumerateDirectories(folder).Where(IsRun).Order(StringComparer.Ordinal)];
        string hint = below.Length == 0 ? "no folder in it looks like one either"
            : $"runs are {string.Join(", ", below.Take(ShownProblems))}{(below.Length > ShownProblems ? $" and {below.Length - ShownProblems} more" : "")}";
        return $"holds no run: neither {RunRecord.FileName} nor {MetricsFile.FileName} is in it; {hint}";
    }

    private static T? Try<T>(Func<T> read, List<string> problems) where T : class
    {
        try
        {
            return read();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            problems.Add(error.Message);
            return null;
        }
    }

    private static IReadOnlyList<RunCurve> ReadCurves(string path, List<string> problems)
    {
        if (!File.Exists(path))
        {
            problems.Add($"{path} is missing: the run measured nothing, or was stopped before its first step");
            return [];
        }
        var broken = new List<RunFileException>();
        IReadOnlyList<MetricsLine> lines = Try(() => MetricsFile.Read(path, broken), problems) ?? [];
        problems.AddRange(broken.Take(ShownProblems).Select(b => b.Message));
        if (broken.Count > ShownProblems) problems.Add($"{path}: {broken.Count - ShownProblems} more lines are broken");
        var curves = new OrderedDictionary<(string Kind, string Name), (List<double> X, List<double> Y)>();
        foreach (MetricsLine line in lines.OrderBy(l => l.Iteration))
        {
            // Judged with more views it is another value.
            string kind = line["views"] is > 1 and var views ? $"{line.Kind}, {views} views" : line.Kind;
            foreach ((string name, double value) in line.Values)
            {
                if (!curves.TryGetValue((kind, name), out (List<double> X, List<double> Y) curve)) curves.Add((kind, name), curve = ([], []));
                curve.X.Add(line.Iteration);
                curve.Y.Add(value);
            }
        }
        return [.. curves.Select(c => new RunCurve(c.Key.Kind, c.Key.Name, c.Value.X, c.Value.Y))];
    }
}

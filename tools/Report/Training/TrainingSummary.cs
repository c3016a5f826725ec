using System.Globalization;
using EvenNet.Framework;

namespace EvenNet.Report;

/// <summary>One run of a comparison: what it is called there, its mark, and the figures that tell it from the others.</summary>
internal sealed record TrainingSummary(RunData Run, string Label, int Group)
{
    // The loss at the end is the mean of this share of the iterations.
    private const double EndShare = 0.05;

    private const int LeastEnd = 5;

    /// <summary>The loss of training as it was written, and smooth; null where none was.</summary>
    public RunCurve? Loss { get; } = Run.Curve(RunData.Train, RunData.Loss) is { Values.Count: > 0 } loss ? loss : null;

    public RunCurve? SmoothLoss { get; } = Run.Curve(RunData.Train, RunData.Loss) is { Values.Count: > 0 } loss ? loss.Smooth() : null;

    /// <summary>Mean of the last twentieth.</summary>
    public double? FinalLoss => Loss is null ? null : Loss.Values.TakeLast(Math.Max(LeastEnd, (int)(EndShare * Loss.Values.Count))).Where(double.IsFinite).DefaultIfEmpty(double.NaN).Average();

    public double? LowestLoss => SmoothLoss?.Values.Where(double.IsFinite).DefaultIfEmpty(double.NaN).Min();

    public int? Iterations => (int?)Loss?.Iterations[^1] ?? (Run.Record?.Sessions is [.., var last] ? last.LastIteration : null);

    public int? Planned => int.TryParse(Setting("iterations"), CultureInfo.InvariantCulture, out int planned) ? planned : null;

    /// <summary>What the best checkpoint was chosen by, or what tells most.</summary>
    public RunCurve? Main => Evaluations.FirstOrDefault(c => c.Name == Setting("monitor")) ?? Evaluations.FirstOrDefault(c => c.Name is RunData.Map or RunData.Top1);

    public IEnumerable<RunCurve> Evaluations => Run.Curves.Where(c => c.Kind is not (RunData.Train or RunData.Rates or RunData.Depth) && c.Name is not ("views" or "seconds"));

    /// <summary>The best value of a curve of an evaluation with its iteration: the lowest loss, the highest of anything else.</summary>
    public static (double Iteration, double Value)? Best(RunCurve? curve)
    {
        (double Iteration, double Value)[] known = [.. (curve?.Iterations ?? []).Zip(curve?.Values ?? []).Where(p => double.IsFinite(p.Second))];
        return known.Length == 0 ? null : curve!.Name == RunData.Loss ? known.MinBy(p => p.Value) : known.MaxBy(p => p.Value);
    }

    public double? Seconds => Run.Curve(RunData.Train, "seconds")?.Values[^1];

    /// <summary>Median of the lines.</summary>
    public double? Median(string name)
    {
        double[] known = [.. (Run.Curve(RunData.Train, name)?.Values ?? []).Where(double.IsFinite).Order()];
        return known.Length > 0 ? known[known.Length / 2] : null;
    }

    /// <summary>The first iteration at which the smooth loss is this low; null where it never is.</summary>
    public double? Reached(double loss)
    {
        for (int i = 0; i < (SmoothLoss?.Values.Count ?? 0); i++)
            if (SmoothLoss!.Values[i] <= loss) return SmoothLoss.Iterations[i];
        return null;
    }

    /// <summary>How it ended, in words.</summary>
    public string Outcome => Run.Record switch
    {
        null => "unknown: no record",
        { Sessions.Count: 0 } => "not begun",
        { Outcome: RunOutcome.Running } => "not ended: still running, or killed",
        { Outcome: RunOutcome.StoppedEarly } => "stopped early",
        var record => $"{record.Outcome}".ToLowerInvariant(),
    };

    public bool HasEnded => Run.Record?.Outcome is RunOutcome.Finished or RunOutcome.StoppedEarly;

    public string? Setting(string name) => Run.Record?.Settings.GetValueOrDefault(name);

    /// <summary>The runs of a comparison. Those that differ in nothing but the seed share a mark; each label is there once.</summary>
    public static IReadOnlyList<TrainingSummary> Of(IReadOnlyList<RunData> runs)
    {
        string[] labels = [.. runs.Select(r => r.Name)];
        Distinguish(labels, i => runs[i].Record is { } record ? $"{runs[i].Name}, seed {record.Seed}" : null);
        Distinguish(labels, i => $"{runs[i].Name} ({Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(runs[i].Folder)))})");
        Distinguish(labels, i => $"{labels[i]} ({i + 1})");
        string[] kinds = [.. runs.Select((r, i) => r.Record is { } record ? RunRecord.HashOf(record.Settings.Where(s => s.Key != "seed").ToDictionary()) : $"{i}")];
        string[] groups = [.. kinds.Distinct()];
        return [.. runs.Select((r, i) => new TrainingSummary(r, labels[i], Array.IndexOf(groups, kinds[i])))];
    }

    /// <summary>What the runs of one mark are called together: what their labels begin with.</summary>
    public static string NameOf(IReadOnlyList<TrainingSummary> group)
    {
        string common = group[0].Label;
        foreach (TrainingSummary run in group)
            while (!run.Label.StartsWith(common, StringComparison.Ordinal)) common = common[..^1];
        if (group.Count == 1) return common;
        if (common.EndsWith(", seed ", StringComparison.Ordinal)) common = common[..^7];
        common = common.TrimEnd(' ', ',', '-', '_', '(');
        return $"{(common.Length > 0 ? common : group[0].Label)} ({group.Count} {(group.DistinctBy(r => r.Run.Record?.Seed).Count() == group.Count ? "seeds" : "runs")})";
    }

    private static void Distinguish(string[] labels, Func<int, string?> longer)
    {
        int[] same = [.. labels.Index().GroupBy(l => l.Item).Where(g => g.Count() > 1).SelectMany(g => g.Select(l => l.Index))];
        string?[] others = [.. same.Select(longer)];
        for (int i = 0; i < same.Length; i++) labels[same[i]] = others[i] ?? labels[same[i]];
    }
}

using System.CommandLine;
using EvenNet.Framework;

namespace EvenNet.Cli;

/// <summary>How long a training goes on, and what it keeps and reports.</summary>
internal sealed class RunChoice
{
    /// <param name="set">Gets the options.</param>
    /// <param name="isDetection">Without those that are of classification alone.</param>
    public RunChoice(TrainingOptionSet set, bool isDetection = false)
    {
        Iterations = set.Add<int>("iterations", "Steps to take in all.", "N");
        Batch = set.Add<int>("batch", "Pictures of a step (times --accumulate).", "N");
        Seed = set.Add<ulong>("seed", "Seed of everything random.", "N");
        Overfit = isDetection ? new("--overfit") : set.Add<int?>("overfit", "Learn from the first N pictures only, always the same cuts, and judge on them: a net that cannot do that is broken.", "N");
        EvalEvery = set.Add<int?>("eval-every", "Judge after each multiple of this; a tenth of the iterations by default, 0 only at the end.", "N");
        SaveEvery = set.Add<int?>("save-every", "Save the state after each multiple of this; as often as judged by default.", "N");
        KeepEvery = set.Add<int>("keep-every", "Keep a checkpoint of each multiple of this beside the last and the best; 0 for none.", "N");
        Keep = set.Add<int>("keep", "Of those keep the newest so many; 0 for all.", "N");
        Monitor = set.Add<string?>("monitor", "What makes a checkpoint the best: map, map.area, map.step, top1, top5, loss; map or top1 by default.", "NAME");
        Patience = set.Add<int>("patience", "Stop after so many judgements without a gain; 0 never.", "N");
        LeastGain = set.Add<double>("least-gain", "What counts as a gain is larger than this.", "X");
        LogEvery = set.Add<int>("log-every", "Write a line of metrics after each multiple of this.", "N");
        Rates = isDetection ? new("--rates") : set.Add<int>("rates", "Measure change rates and update-to-weight ratios of every layer at each multiple of this; 0 never.", "N");
        Iterations.RequireAtLeast(1);
        Batch.RequireAtLeast(1);
        Overfit.RequireAtLeast(1);
        foreach (Option<int?> option in (Option<int?>[])[EvalEvery, SaveEvery]) option.RequireAtLeast(0);
        foreach (Option<int> option in (Option<int>[])[KeepEvery, Keep, Patience, Rates]) option.RequireAtLeast(0);
        LogEvery.RequireAtLeast(1);
        LeastGain.RequireBetween(0, 1e30);
    }

    public Option<int> Iterations { get; }

    public Option<int> Batch { get; }

    public Option<ulong> Seed { get; }

    public Option<int?> Overfit { get; }

    public Option<int?> EvalEvery { get; }

    public Option<int?> SaveEvery { get; }

    public Option<int> KeepEvery { get; }

    public Option<int> Keep { get; }

    public Option<string?> Monitor { get; }

    public Option<int> Patience { get; }

    public Option<double> LeastGain { get; }

    public Option<int> LogEvery { get; }

    public Option<int> Rates { get; }

    /// <summary>What tells the best checkpoint and when to stop; null where nothing is judged.</summary>
    /// <exception cref="ToolException">Something is to be monitored that is not measured.</exception>
    public MonitoredValue? Monitored(ParseResult options, Dataset? judged)
    {
        string? named = options.GetValue(Monitor);
        int patience = options.GetValue(Patience);
        if (judged is null)
        {
            if (named is null && patience == 0) return null;
            throw new ToolException(ExitCode.Usage, $"{(named is null ? $"--patience {patience}" : $"--monitor {named}")}: there are no data to judge on; give --test-split or --test-list");
        }
        string[] names = judged.IsMultiLabel ? ["map", "map.area", "map.step", "loss"] : [.. Evaluation.TopsOf(judged).Select(k => $"top{k}"), "loss"];
        string name = named ?? names[0];
        if (!names.Contains(name)) throw new ToolException(ExitCode.Usage, $"--monitor {name}: what is measured on {judged.Name} {judged.Split} is {string.Join(", ", names)}");
        return new MonitoredValue(name, largerIsBetter: name != "loss", options.GetValue(LeastGain), patience);
    }
}

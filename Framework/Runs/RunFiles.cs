using System.Globalization;

namespace EvenNet.Framework;

/// <summary>Where the files of a run are.</summary>
/// <param name="Folder">The run's own.</param>
public sealed record RunFiles(string Folder)
{
    internal const string CheckpointsName = "checkpoints";

    /// <summary>The record, <see cref="RunRecord"/>.</summary>
    public string Record => Path.Combine(Folder, RunRecord.FileName);

    /// <summary>What was measured, <see cref="MetricsFile"/>.</summary>
    public string Metrics => Path.Combine(Folder, MetricsFile.FileName);

    /// <summary>How the net did at last, <see cref="EvaluationRecord"/>.</summary>
    public string Evaluation => Path.Combine(Folder, EvaluationRecord.FileName);

    /// <summary>How the best checkpoint did, where it was judged and is not the last.</summary>
    public string BestEvaluation => Path.Combine(Folder, EvaluationRecord.BestFileName);

    /// <summary>The folder of the checkpoints, <see cref="CheckpointFolder"/>.</summary>
    public string Checkpoints => Path.Combine(Folder, CheckpointsName);

    /// <summary>Makes a folder for a run: <c>20260301-123000-caffenet</c>, with a number where that is there already.</summary>
    /// <param name="runs">The folder of all runs; made where it is not there.</param>
    /// <param name="name">Letters, digits, dots, dashes and underlines stay, anything else becomes a dash.</param>
    /// <param name="time">Now.</param>
    public static RunFiles Create(string runs, string name, DateTimeOffset time)
    {
        string safe = string.Concat(name.Select(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_' ? c : '-'));
        string folder = Path.Combine(runs, string.Create(CultureInfo.InvariantCulture, $"{time:yyyyMMdd-HHmmss}-{safe}"));
        string free = folder;
        for (int i = 2; !IsMade(free); i++) free = string.Create(CultureInfo.InvariantCulture, $"{folder}-{i}");
        return new RunFiles(free);
    }

    // Of two processes that try at the same moment, one makes the lock's file.
    private static bool IsMade(string folder)
    {
        if (Directory.Exists(folder) || File.Exists(folder)) return false;
        Directory.CreateDirectory(folder);
        string mark = Path.Combine(folder, RunLock.FileName);
        try
        {
            new FileStream(mark, FileMode.CreateNew, FileAccess.Write).Dispose();
            return true;
        }
        catch (IOException) when (File.Exists(mark))
        {
            return false;
        }
    }

    /// <summary>The run of which a session began or ended last; null where the folder has none.</summary>
    public static RunFiles? Newest(string runs)
    {
        if (!Directory.Exists(runs)) return null;
        return Directory.EnumerateDirectories(runs).Select(folder => new RunFiles(folder)).Where(run => File.Exists(run.Record))
            .OrderBy(run => File.GetLastWriteTimeUtc(run.Record)).ThenBy(run => run.Folder, StringComparer.Ordinal).LastOrDefault();
    }
}

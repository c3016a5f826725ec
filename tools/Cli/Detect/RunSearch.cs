using EvenNet.Framework;

namespace EvenNet.Cli;

/// <summary>Finds runs: to be resumed, or those that made weights.</summary>
internal static class RunSearch
{
    /// <summary>A run that is to be resumed.</summary>
    /// <exception cref="ToolException">There is none.</exception>
    public static RunFiles Find(string which, string runs)
    {
        if (which == "last") return RunFiles.Newest(runs) ?? throw new ToolException(ExitCode.Data, $"--resume last: there is no run in {Path.GetFullPath(runs)}; name its folder, or the folder of all runs with --runs DIR");
        if (!Directory.Exists(which)) throw new ToolException(ExitCode.Data, $"--resume {which}: there is no such folder; a run is resumed by its folder, or by «last»");
        var files = new RunFiles(which);
        return File.Exists(files.Record) ? files : throw new ToolException(ExitCode.Data, $"--resume {which}: the folder has no {RunRecord.FileName}, so it is no run; a run is resumed by its own folder, or by «last»");
    }

    /// <summary>The checkpoint to go on from; null where the run ended before its first: it begins once more, to the same bits.</summary>
    public static string? Recover(RunFiles files, Ui ui)
    {
        var folder = new CheckpointFolder(files.Checkpoints);
        if (folder.Recover(monitored: null) is not null) return folder[CheckpointFolder.Last];
        ui.Note("resume", $"{files.Folder} has no checkpoint yet: it begins from the start");
        return null;
    }

    /// <summary>The run in whose folder a checkpoint lies, or null.</summary>
    public static RunRecord? RunOf(string checkpoint) =>
        Path.GetDirectoryName(Path.GetDirectoryName(Path.GetFullPath(checkpoint))) is { } folder && File.Exists(new RunFiles(folder).Record) ? RunRecord.Read(folder) : null;
}

using System.Diagnostics;

namespace EvenNet.Tests.Cli;

/// <summary>A file system of a few megabytes in memory; the test is ignored, with the reason, where none can be mounted.</summary>
internal sealed class SmallDisk : IDisposable
{
    private readonly string folder;

    private SmallDisk(string folder) => this.folder = folder;

    public static SmallDisk Mount(string folder, string size)
    {
        if (Run("mount", "-t", "tmpfs", "-o", $"size={size}", "tmpfs", folder) is { } refusal) Assert.Ignore($"no small disk can be mounted here: {refusal}");
        return new SmallDisk(folder);
    }

    public void Dispose() => Run("umount", folder);

    // Null when the command succeeded, else why it did not.
    private static string? Run(string command, params string[] arguments)
    {
        try
        {
            using Process process = Process.Start(new ProcessStartInfo(command, arguments) { RedirectStandardError = true })!;
            string error = process.StandardError.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0 ? null : error.Trim();
        }
        catch (System.ComponentModel.Win32Exception error)
        {
            return error.Message;
        }
    }
}

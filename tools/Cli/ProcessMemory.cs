using System.Diagnostics;

namespace EvenNet.Cli;

/// <summary>The largest part of physical memory that this process has held.</summary>
internal static class ProcessMemory
{
    /// <summary>Bytes, since the process began or since <see cref="ResetPeak"/>.</summary>
    public static long PeakBytes
    {
        get
        {
            using var process = Process.GetCurrentProcess();
            return process.PeakWorkingSet64;
        }
    }

    /// <summary>Counts the peak from now on where the system can (Linux, proc(5): clear_refs); elsewhere it stays that of the whole process.</summary>
    public static void ResetPeak()
    {
        GC.Collect();
        if (!OperatingSystem.IsLinux()) return;
        try
        {
            File.WriteAllText("/proc/self/clear_refs", "5");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
        }
    }
}

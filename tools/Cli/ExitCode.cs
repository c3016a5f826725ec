namespace EvenNet.Cli;

/// <summary>What the process returns; documented in the README and in every help text.</summary>
internal static class ExitCode
{
    public const int Ok = 0;

    /// <summary>The command line is wrong.</summary>
    public const int Usage = 1;

    /// <summary>A file or a picture is missing, broken or cannot be written.</summary>
    public const int Data = 2;

    /// <summary>A device or a native library is missing or failed.</summary>
    public const int Device = 3;

    /// <summary>Numbers stopped being finite.</summary>
    public const int Diverged = 4;

    public const int OutOfMemory = 5;

    /// <summary>Ctrl+C, or a request to terminate.</summary>
    public const int Interrupted = 130;
}

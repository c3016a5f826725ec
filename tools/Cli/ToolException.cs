namespace EvenNet.Cli;

/// <summary>Why a command cannot go on, and what the process then returns.</summary>
internal sealed class ToolException(int exitCode, string message, Exception? inner = null) : Exception(message, inner)
{
    public int ExitCode { get; } = exitCode;
}

namespace EvenNet.Interop;

/// <summary>A net's file that cannot be read or understood. The message names the file and, in text, line and column.</summary>
public sealed class NetFormatException : Exception
{
    /// <summary>For a file as a whole.</summary>
    public NetFormatException(string path, string reason, Exception? inner = null) : base($"{path}: {reason}", inner) => (Path, Reason) = (path, reason);

    /// <summary>For a place in a text; both count from 1.</summary>
    public NetFormatException(string path, int line, int column, string reason) : base($"{path}:{line}:{column}: {reason}") =>
        (Path, Line, Column, Reason) = (path, line, column, reason);

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>The line, from 1; 0 where the file is no text.</summary>
    public int Line { get; }

    /// <summary>The column, from 1; 0 where the file is no text.</summary>
    public int Column { get; }

    /// <summary>What is wrong, without the place.</summary>
    public string Reason { get; }
}

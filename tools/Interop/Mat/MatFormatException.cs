namespace EvenNet.Interop;

/// <summary>A MATLAB file is not what it says it is: names the file, the byte where it goes wrong, and what was expected there.</summary>
public sealed class MatFormatException : FormatException
{
    /// <summary>Made as «boxes.mat: byte 128: reason».</summary>
    public MatFormatException(string file, long offset, string reason, Exception? inner = null) : base($"{file}: byte {offset}: {reason}", inner) => (File, Offset) = (file, offset);

    /// <summary>The file, as the caller named it.</summary>
    public string File { get; }

    /// <summary>Where in the file; inside compressed data, where the compressed variable begins.</summary>
    public long Offset { get; }
}

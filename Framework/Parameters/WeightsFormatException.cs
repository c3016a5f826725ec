namespace EvenNet.Framework;

/// <summary>A weight file is not what it says it is: names the file, the tensor where there is one, and the numbers that disagree.</summary>
public sealed class WeightsFormatException : FormatException
{
    /// <summary>Made as «w.safetensors: reason».</summary>
    public WeightsFormatException(string file, string reason, Exception? inner = null) : base($"{file}: {reason}", inner) => File = file;

    /// <summary>The file, as the caller named it.</summary>
    public string File { get; }
}

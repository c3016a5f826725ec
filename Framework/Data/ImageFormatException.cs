namespace EvenNet.Framework;

/// <summary>A picture could not be decoded: names the file and the reason.</summary>
public sealed class ImageFormatException : FormatException
{
    /// <summary>Made as «Cannot decode a.jpg: reason».</summary>
    public ImageFormatException(string file, string reason, Exception? inner = null) : base($"Cannot decode {file}: {reason}", inner)
    {
        File = file;
        Reason = reason;
    }

    /// <summary>The file, as the caller named it.</summary>
    public string File { get; }

    /// <summary>What is wrong with it.</summary>
    public string Reason { get; }

    /// <summary>The decoder itself is missing: the file may be good, and so skipping it and trying the next would not help.</summary>
    public bool IsDecoderMissing { get; init; }
}

namespace EvenNet.Detection;

/// <summary>Boxes are missing, or their file is not what it says it is: names the file, the place in it, and the numbers that disagree.</summary>
public sealed class ProposalsException : FormatException
{
    /// <summary>Made as «boxes.mat: reason».</summary>
    public ProposalsException(string file, string reason, Exception? inner = null) : base($"{file}: {reason}", inner) => File = file;

    /// <summary>The file, as the caller named it.</summary>
    public string File { get; }
}

namespace EvenNet.Framework;

/// <summary>A file of a run is broken, of another kind, or not there. The message begins with its path.</summary>
public sealed class RunFileException(string path, string problem, Exception? inner = null) : IOException($"{path}: {problem}", inner)
{
    /// <summary>The file or folder.</summary>
    public string Path { get; } = path;
}

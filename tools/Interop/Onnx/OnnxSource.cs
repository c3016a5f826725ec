using EvenNet.Framework;

namespace EvenNet.Interop;

/// <summary>The file that a model comes from, for messages and for what lies beside it.</summary>
internal sealed record OnnxSource(string Path)
{
    public WeightsFormatException Wrong(string reason, Exception? inner = null) => new(Path, reason, inner);

    /// <summary>A name from a file as it may be printed: not too long, and without what steers a terminal.</summary>
    public static string Short(string name)
    {
        string start = name.Length > 80 ? name[..80] + "…" : name;
        return string.Concat(start.Select(c => char.IsControl(c) ? '?' : c));
    }
}

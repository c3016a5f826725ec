using EvenNet.Framework;

namespace EvenNet.Interop;

/// <summary>The file that a model comes from, for messages and for what lies beside it.</summary>
internal sealed record OnnxSource(string Path)
{
    public WeightsFormatException Wrong(string reason, Exception? inner = null) => new(Path, reason, inner);
}

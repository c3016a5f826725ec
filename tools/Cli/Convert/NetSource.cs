using EvenNet.Framework;
using EvenNet.Interop;
using EvenNet.Models;

namespace EvenNet.Cli;

/// <summary>A net as it is trained: with its own losses, and factors on rates and decays, where a file has them.</summary>
/// <param name="Info">The net.</param>
/// <param name="Graph">In training.</param>
internal sealed record NetSource(NetInfo Info, Graph Graph)
{
    /// <summary>What the file of a Caffe net says of factors on rates and decays.</summary>
    public CaffeGraph? Caffe { get; init; }

    /// <summary>What it says of its data.</summary>
    public CaffeTransform? Transform { get; init; }

    /// <summary>The file's own losses, the main one last.</summary>
    public IEnumerable<Node> Losses => Graph.Outputs.Where(o => o.Layer is ILoss);

    /// <summary>A named net, or that of a file.</summary>
    public static NetSource Of(string net, NetReading reading)
    {
        if (ModelFormats.Find(net) is { } format) return format.ReadTrained(net, reading);
        NetInfo info = Nets.Find(net);
        return new(info, info.Graph());
    }
}

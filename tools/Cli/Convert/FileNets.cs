using EvenNet.Framework;
using EvenNet.Initialization;
using EvenNet.Models;

namespace EvenNet.Cli;

/// <summary>Nets that come from files, as the commands take them.</summary>
internal static class FileNets
{
    /// <summary>A file's graph without its losses, under the file's path: whoever reads the name finds the net again.</summary>
    /// <param name="path">The file, as it was given.</param>
    /// <param name="title">What the net calls itself; may be empty.</param>
    /// <param name="graph">The net.</param>
    public static NetInfo Of(string path, string title, Graph graph)
    {
        Node[] outputs = [.. graph.Outputs.Select(BelowLoss).Distinct()];
        int classes = Tops.Below(outputs[^1]).Shape.Channels;
        bool isColour = graph.Nodes.Any(n => n.Layer is Input && n.Shape.Channels == 3);
        return new NetInfo(
            path, title.Length > 0 ? $"{title}, from a file" : "a net from a file",
            wanted => wanted == classes ? outputs : throw new GraphException($"{path} has {classes} classes, not {wanted}; change the file for another number"),
            isColour ? (BgrMean.ImageNet.Blue, BgrMean.ImageNet.Green, BgrMean.ImageNet.Red) : default, Fills: null)
        { Classes = classes };
    }

    private static Node BelowLoss(Node node) => node.Layer is ILoss ? BelowLoss(node.Inputs[0]) : node;
}

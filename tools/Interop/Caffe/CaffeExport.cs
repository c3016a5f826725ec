using EvenNet.Framework;
using EvenNet.Interop.CaffeFormat;
using Google.Protobuf;

namespace EvenNet.Interop;

/// <summary>
/// Writes nets for Caffe: a description, «.prototxt», and a binary file with weights, «.caffemodel». A layer's frozen scale becomes a Power layer
/// after it, or, folded, part of its weights. A net that came from a Caffe file goes out as it came in, with the weights of now.
/// </summary>
public sealed class CaffeExport
{
    private readonly ParameterSet parameters;
    private readonly NetParameter net;

    /// <summary>For a net in memory, and the file that it was built from where there is one.</summary>
    /// <param name="parameters">The net with its weights.</param>
    /// <param name="name">What the file calls the net.</param>
    /// <param name="source">The description to keep.</param>
    /// <param name="foldScale">Multiply scales into weights and biases.</param>
    /// <exception cref="GraphException">Caffe has no layer for one of the net's.</exception>
    public CaffeExport(ParameterSet parameters, string name, CaffeFile? source = null, bool foldScale = false)
    {
        this.parameters = parameters;
        net = source?.Net.Clone() ?? CaffeDescription.Of(parameters.Graph, name);
        foreach (LayerParameter layer in net.Layer) layer.Blobs.Clear();
        if (!foldScale) InsertScales();
        FoldScale = foldScale;
    }

    /// <summary>Whether scales are multiplied into weights and biases.</summary>
    public bool FoldScale { get; }

    /// <summary>Whether layers were added that the net's own description does not have: weights then need the description that is written with them.</summary>
    public bool HasScaleLayers { get; private set; }

    /// <summary>Writes the description.</summary>
    /// <exception cref="IOException">It could not be written; an earlier file is unchanged.</exception>
    public void WriteText(string path) => AtomicFile.WriteText(path, TextFormatWriter.Write(net));

    /// <summary>Writes description and weights, binary.</summary>
    /// <exception cref="IOException">It could not be written; an earlier file is unchanged.</exception>
    public void WriteBinary(string path, CancellationToken cancellation = default)
    {
        NetParameter whole = net.Clone();
        Dictionary<string, Node> nodes = parameters.Graph.Nodes.ToDictionary(n => n.Name, StringComparer.Ordinal);
        foreach (LayerParameter layer in whole.Layer)
            if (nodes.TryGetValue(layer.Name, out Node? node)) layer.Blobs.Add(Blobs(layer, node));
        AtomicFile.Write(path, whole.WriteTo, whole.CalculateSize(), cancellation);
    }

    private IEnumerable<BlobProto> Blobs(LayerParameter layer, Node node)
    {
        float scale = FoldScale && node.Layer is IAffine ? parameters.Scale(node).Read()[0] : 1;
        bool isTransposed = layer.InnerProductParam?.Transpose ?? false;
        foreach (Parameter p in parameters.Of(node))
        {
            if (node.Layer is IAffine && p.Spec.Name == "scale") continue;
            float[] values = p.Read();
            if (scale != 1)
                for (int i = 0; i < values.Length; i++) values[i] *= scale;
            bool turned = isTransposed && p.Spec.Name == "weight";
            var blob = new BlobProto { Shape = new() };
            blob.Shape.Dim.Add((turned ? p.Spec.Dimensions.Reverse() : p.Spec.Dimensions).Select(d => (long)d));
            // Caffe knows a shared slope as a blob without axes.
            if (node.Layer is PRelu { Shared: true }) blob.Shape.Dim.Clear();
            blob.Data.AddRange(turned ? CaffeWeights.Turned(values, p.Rows, p.FanIn) : values);
            yield return blob;
        }
    }

    // z = s · (W x + b): the multiplication becomes a layer in place, right behind the one it belongs to.
    private void InsertScales()
    {
        foreach (Node node in parameters.Graph.Affine)
        {
            float scale = parameters.Scale(node).Read()[0];
            int at = Enumerable.Range(0, net.Layer.Count).FirstOrDefault(i => net.Layer[i].Name == node.Name, -1);
            if (scale == 1 || at < 0) continue;
            HasScaleLayers = true;
            string name = $"{node.Name}/scale";
            for (int i = 2; net.Layer.Any(l => l.Name == name); i++) name = $"{node.Name}/scale{i}";
            var layer = new LayerParameter { Name = name, Type = "Power", PowerParam = new() { Scale = scale } };
            layer.Bottom.Add(net.Layer[at].Top[0]);
            layer.Top.Add(net.Layer[at].Top[0]);
            layer.Include.Add(net.Layer[at].Include);
            layer.Exclude.Add(net.Layer[at].Exclude);
            net.Layer.Insert(at + 1, layer);
        }
    }
}

using EvenNet.Framework;
using EvenNet.Interop.CaffeFormat;
using Google.Protobuf;

namespace EvenNet.Interop;

/// <summary>
/// A net as Caffe describes it: a text, «.prototxt», or a binary file with weights, «.caffemodel»; today's layers and those of the form before
/// («layers»). Unknown fields of a binary file are kept when it is written again, those of a text are noted.
/// </summary>
public sealed class CaffeFile
{
    // A description of a net takes kilobytes; real models have hundreds of layers.
    private const long LargestTextBytes = 64 << 20;
    private const int MostLayers = 20_000;
    private const uint OldLayersTag = (2 << 3) | 2, LayerTag = (100 << 3) | 2;

    private readonly Dictionary<IMessage, TextPosition> positions;

    private CaffeFile(string path, NetParameter net, Dictionary<IMessage, TextPosition> positions, IReadOnlyList<string> notes)
    {
        (Path, Net, this.positions, Notes) = (path, net, positions, notes);
        Upgrade();
    }

    /// <summary>Where it was read, for messages.</summary>
    public string Path { get; }

    /// <summary>The net's name in the file; may be empty.</summary>
    public string Name => Net.Name;

    /// <summary>What was passed over, with line and column.</summary>
    public IReadOnlyList<string> Notes { get; }

    /// <summary>Whether any layer has weights.</summary>
    public bool HoldsWeights => Net.Layer.Any(l => l.Blobs.Count > 0);

    internal NetParameter Net { get; }

    /// <summary>Reads a text.</summary>
    /// <exception cref="NetFormatException">It is not in the format; the message names line and column.</exception>
    /// <exception cref="IOException">It could not be read.</exception>
    public static CaffeFile ReadText(string path)
    {
        var info = new FileInfo(path);
        if (info.Exists && info.Length > LargestTextBytes) throw new NetFormatException(path, $"{info.Length} bytes are more than a net's description takes; at most {LargestTextBytes} are read");
        return ParseText(File.ReadAllText(path), path);
    }

    /// <summary>Reads a text that is at hand.</summary>
    /// <exception cref="NetFormatException">It is not in the format.</exception>
    public static CaffeFile ParseText(string text, string path)
    {
        var net = new NetParameter();
        TextFormatReader reader = TextFormatReader.Read(text, path, net);
        return new CaffeFile(path, net, reader.Positions, [.. reader.Notes.Select(n => $"{path}:{n.At.Line}:{n.At.Column}: {n.Message}; passed over")]);
    }

    /// <summary>Reads a binary file, weights and all.</summary>
    /// <exception cref="NetFormatException">It is not in the format.</exception>
    /// <exception cref="IOException">It could not be read.</exception>
    public static CaffeFile ReadBinary(string path)
    {
        using FileStream stream = File.OpenRead(path);
        return ParseBinary(stream, path);
    }

    /// <summary>Reads a binary stream.</summary>
    /// <exception cref="NetFormatException">It is not in the format.</exception>
    public static CaffeFile ParseBinary(Stream stream, string path)
    {
        var net = new NetParameter();
        try
        {
            Merge(net, new CodedInputStream(stream, leaveOpen: true), path);
        }
        catch (InvalidProtocolBufferException error)
        {
            throw new NetFormatException(path, $"is no model of Caffe: {error.Message}", error);
        }
        return new CaffeFile(path, net, new Dictionary<IMessage, TextPosition>(ReferenceEqualityComparer.Instance), []);
    }

    /// <summary>The graph of the layers that take part in a state.</summary>
    /// <exception cref="NetFormatException">A layer is of a type that is not supported, or does not fit; the message names its place.</exception>
    public CaffeGraph Graph(CaffeState? state = null) => new CaffeGraphBuilder(this, state ?? new CaffeState()).Build();

    /// <summary>How the data layer of a state makes inputs of pictures; null where the net has none that reads them from a store.</summary>
    public CaffeTransform? Transform(CaffeState? state = null) => CaffeTransform.Of(this, state ?? new CaffeState());

    /// <summary>
    /// Loads the file's weights into a net's layers of the same names. An inner product's fit a convolution with as many, and the other way round.
    /// Everything is checked before the first value is changed.
    /// </summary>
    /// <param name="parameters">Where to.</param>
    /// <param name="strict">Whether a parameter that the file lacks, a tensor that the net lacks or sizes that differ are an error.</param>
    /// <param name="skip">Layers to leave as they are.</param>
    /// <exception cref="WeightsFormatException">The file holds no weights, contradicts itself, or does not fit; all that does not is named, with both sizes.</exception>
    /// <exception cref="GraphException">A layer to skip does not exist.</exception>
    public CheckpointReport Load(ParameterSet parameters, bool strict = false, params IReadOnlyCollection<string> skip) =>
        new CaffeWeights(this, parameters, strict, skip).Load();

    internal NetFormatException Wrong(IMessage? where, string reason) =>
        where is not null && positions.TryGetValue(where, out TextPosition at) ? new(Path, at.Line, at.Column, reason) : new(Path, reason);

    // Layer by layer, so that a file of a few bytes a layer cannot ask for memory without end; the rest goes through the message's own reader.
    private static void Merge(NetParameter net, CodedInputStream input, string path)
    {
        var rest = new MemoryStream();
        var others = new CodedOutputStream(rest);
        UnknownFieldSet? unknown = null;
        int layers = 0;
        uint tag;
        while ((tag = input.ReadTag()) != 0)
        {
            if (tag is LayerTag or OldLayersTag && ++layers > MostLayers) throw new NetFormatException(path, $"has more than {MostLayers} layers");
            if (tag == LayerTag)
            {
                var layer = new LayerParameter();
                input.ReadMessage(layer);
                net.Layer.Add(layer);
            }
            else if (tag == OldLayersTag)
            {
                var layer = new V1LayerParameter();
                input.ReadMessage(layer);
                net.Layers.Add(layer);
            }
            else unknown = UnknownFieldSet.MergeFieldFrom(unknown, input);
        }
        unknown?.WriteTo(others);
        others.Flush();
        net.MergeFrom(rest.ToArray());
    }

    private void Upgrade()
    {
        if (Net.Layers.Count > 0 && Net.Layer.Count > 0) throw Wrong(Net.Layers[0], "has layers of both forms, «layers» and «layer»; Caffe reads either");
        foreach (V1LayerParameter old in Net.Layers)
        {
            if (old.Layer is not null) throw Wrong(old, "is in the oldest form (a layer within layers), which is not read; Caffe's own upgrade_net_proto_text brings it to a newer one");
            LayerParameter layer = CaffeUpgrade.Upgrade(old);
            if (positions.TryGetValue(old, out TextPosition at)) positions[layer] = at;
            Net.Layer.Add(layer);
        }
        Net.Layers.Clear();
        foreach (LayerParameter layer in Net.Layer)
            if (layer.Include.Count > 0 && layer.Exclude.Count > 0) throw Wrong(layer, $"{layer.Name} has rules of both kinds, include and exclude; Caffe allows one");
    }
}

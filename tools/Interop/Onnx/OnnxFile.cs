using EvenNet.Framework;
using EvenNet.Interop.OnnxFormat;
using Google.Protobuf;

namespace EvenNet.Interop;

/// <summary>
/// A model read from ONNX: its graph, and its weights under the names that the graph's parameters have. Load them with
/// <see cref="Checkpoint.Load(ParameterSet, IWeightFile, bool, IReadOnlyCollection{string})"/>.
/// </summary>
public sealed class OnnxFile : IWeightFile
{
    private readonly Dictionary<string, OnnxWeight> weights;
    private (string Name, float[] Values)? last;

    private OnnxFile(string path, Graph graph, IReadOnlyList<OnnxWeight> list, IReadOnlyDictionary<string, string> metadata)
    {
        (Path, Graph, Tensors, Metadata) = (path, graph, list, metadata);
        weights = list.ToDictionary(w => w.Name, StringComparer.Ordinal);
    }

    /// <inheritdoc/>
    public string Path { get; }

    /// <summary>The net. Its outputs are the model's.</summary>
    public Graph Graph { get; }

    /// <inheritdoc/>
    public IReadOnlyList<WeightTensor> Tensors { get; }

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <inheritdoc/>
    public string ReadableTypes => "floating-point numbers";

    /// <summary>The operators that are read.</summary>
    public static IReadOnlyList<string> Operators => OnnxGraphReader.Operators;

    /// <summary>Reads a model.</summary>
    /// <exception cref="WeightsFormatException">
    /// The file is broken, or holds what has no counterpart here: the node, its operator and what is supported are named.
    /// </exception>
    /// <exception cref="IOException">The file could not be read.</exception>
    public static OnnxFile Open(string path)
    {
        var source = new OnnxSource(path);
        try
        {
            using FileStream stream = File.OpenRead(path);
            if (!stream.CanSeek) throw source.Wrong("is a device or a pipe; a model is read from a plain file");
            if (stream.Length > int.MaxValue) throw source.Wrong($"{stream.Length} bytes are too many for a model, which ends at 2 GiB");
            ModelProto model = ModelProto.Parser.ParseFrom(stream);
            var reader = new OnnxGraphReader(model, source);
            Graph graph = reader.Read();
            HashSet<string> used = [.. graph.Nodes.Select(n => n.Name)];
            var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
            foreach (StringStringEntryProto entry in model.MetadataProps) metadata[entry.Key] = entry.Value;
            return new OnnxFile(path, graph, [.. reader.Weights.Where(w => used.Contains(w.Layer))], metadata);
        }
        catch (InvalidProtocolBufferException error)
        {
            throw source.Wrong($"is no ONNX model, or a broken one: {error.Message}", error);
        }
        catch (Exception error) when (error is GraphException or OverflowException)
        {
            throw source.Wrong(error.Message, error);
        }
        catch (UnauthorizedAccessException error)
        {
            throw new IOException(error.Message, error);
        }
    }

    /// <inheritdoc/>
    public WeightTensor? Find(string name) => weights.GetValueOrDefault(name);

    /// <inheritdoc/>
    public bool CanRead(WeightTensor tensor) => true;

    /// <inheritdoc/>
    public void Read(string name, long first, Span<float> destination)
    {
        if (!weights.TryGetValue(name, out OnnxWeight? weight)) throw new WeightsFormatException(Path, $"has no tensor named {name}");
        if (first < 0 || first > weight.Count - destination.Length) throw new WeightsFormatException(Path, $"tensor {name} has {weight.Count} elements; {destination.Length} from {first} on were asked for");
        if (last?.Name != name) last = (name, weight.Values());
        last.Value.Values.AsSpan((int)first, destination.Length).CopyTo(destination);
    }

    /// <summary>Forgets what was read last.</summary>
    public void Dispose() => last = null;
}

/// <summary>A parameter of an imported net and how its values come about.</summary>
internal sealed record OnnxWeight(string Layer, string Kind, IReadOnlyList<long> Shape, Func<float[]> Values) : WeightTensor($"{Layer}.{Kind}", "F32", Shape)
{
    public override long Count => Shape.Aggregate(1L, (a, b) => a * b);
}

using EvenNet.Framework;
using EvenNet.Interop.OnnxFormat;

namespace EvenNet.Interop;

/// <summary>
/// Walks a graph and writes each node's operators; the layers' own stand in the other file. Values are N×C×H×W, but N×C where they are flat: behind inner
/// products, and inputs without height and width.
/// </summary>
internal sealed partial class OnnxGraphWriter(ParameterSet parameters, OnnxTensors tensors)
{
    private const string Batch = "batch";

    private readonly GraphProto graph = new();
    private readonly Dictionary<Node, Value> values = [];
    private readonly HashSet<string> names = new(StringComparer.Ordinal);
    private readonly Dictionary<string, IReadOnlyList<int>> constants = new(StringComparer.Ordinal);
    private Dictionary<Node, int> readers = [];

    /// <summary>A node's value in the model.</summary>
    private readonly record struct Value(string Name, bool IsFlat);

    public GraphProto Write(string name)
    {
        // A loss gives way to the scores it judges.
        Node[] outputs = [.. parameters.Graph.Outputs.Select(o => o.Layer is ILoss ? o.Inputs[0] : o).Distinct()];
        IReadOnlyList<Node> nodes = Graph.Of(outputs).Nodes;
        readers = nodes.SelectMany(n => n.Inputs).Concat(outputs).CountBy(n => n).ToDictionary();
        foreach (Node node in nodes) names.Add(node.Name);
        graph.Name = name;
        foreach (Node node in nodes)
            if (!values.ContainsKey(node)) values[node] = Write(node, nodes);
        foreach (Node output in outputs)
        {
            Value value = values[output];
            if (output.Layer is Input) value = Add("Identity", Unique($"{output.Name}/output"), value.IsFlat, [value.Name]);
            graph.Output.Add(Described(value, output.Shape));
        }
        return graph;
    }

    private static ValueInfoProto Described(Value value, Shape shape)
    {
        var sizes = new TensorShapeProto { Dim = { new TensorShapeProto.Types.Dimension { DimParam = Batch } } };
        foreach (int size in value.IsFlat ? (ReadOnlySpan<int>)[shape.Count] : [shape.Channels, shape.Height, shape.Width])
            sizes.Dim.Add(new TensorShapeProto.Types.Dimension { DimValue = size });
        return new ValueInfoProto
        {
            Name = value.Name,
            Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = (int)TensorProto.Types.DataType.Float, Shape = sizes } },
        };
    }

    private Value Add(string @operator, string output, bool isFlat, IReadOnlyList<string> inputs, params IReadOnlyList<AttributeProto> attributes)
    {
        var node = new NodeProto { OpType = @operator, Name = output };
        node.Input.AddRange(inputs);
        node.Output.Add(output);
        node.Attribute.AddRange(attributes);
        graph.Node.Add(node);
        return new Value(output, isFlat);
    }

    // A parameter that several nodes share is written once.
    private string Constant(string name, IReadOnlyList<int> dimensions, Func<float[]> numbers)
    {
        if (constants.TryGetValue(name, out IReadOnlyList<int>? written) && written.SequenceEqual(dimensions)) return name;
        string unique = Unique(name);
        names.Add(unique);
        constants[unique] = dimensions;
        graph.Initializer.Add(tensors.Floats(unique, dimensions, numbers()));
        return unique;
    }

    private string Number(Node node, string what, float value) => Constant(Unique($"{node.Name}.{what}"), [], () => [value]);

    private string Integers(Node node, string what, params IReadOnlyList<long> numbers)
    {
        string name = Unique($"{node.Name}.{what}");
        graph.Initializer.Add(OnnxTensors.Integers(name, numbers));
        names.Add(name);
        return name;
    }

    private string Unique(string name)
    {
        string unique = name;
        for (int i = 2; names.Contains(unique); i++) unique = $"{name}/{i}";
        return unique;
    }

    // The name of a value between two operators of one layer.
    private string Between(Node node, string what)
    {
        string name = Unique($"{node.Name}/{what}");
        names.Add(name);
        return name;
    }

    private Value Flat(Node of, Node reader) =>
        values[of] is { IsFlat: true } flat ? flat : Add("Flatten", Between(reader, "flat"), isFlat: true, [values[of].Name], OnnxAttributes.Whole("axis", 1));

    private Value Spatial(Node of, Node reader) => values[of] is { IsFlat: false } spatial
        ? spatial
        : Add("Reshape", Between(reader, "plane"), isFlat: false, [values[of].Name, Integers(reader, "sizes", 0, of.Shape.Channels, of.Shape.Height, of.Shape.Width)]);

    // All flat, or none.
    private (string[] Names, bool IsFlat) Alike(Node reader)
    {
        bool isFlat = reader.Inputs.All(i => values[i].IsFlat);
        return ([.. reader.Inputs.Select(i => isFlat ? values[i].Name : Spatial(i, reader).Name)], isFlat);
    }
}

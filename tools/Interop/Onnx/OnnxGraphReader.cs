using EvenNet.Framework;
using EvenNet.Interop.OnnxFormat;

namespace EvenNet.Interop;

/// <summary>
/// Turns a model's nodes into a graph; the operators' own stand in the other files. A layer with weights is named after them, «conv1» for «conv1.weight»,
/// any other after the value it makes.
/// </summary>
internal sealed partial class OnnxGraphReader
{
    // From 7 on the operators read here mean what they mean today, but for what is asked about below.
    private const int OldestOperatorSet = 7, SoftmaxByAxis = 13;

    // Of an input: sums of sizes and padding stay far from what an int holds.
    private const int LongestSide = 1 << 24;

    private readonly OnnxSource source;
    private readonly GraphProto graph;
    private readonly long operatorSet;
    private readonly Dictionary<string, OnnxConstant> constants = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Value> values = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> readers = new(StringComparer.Ordinal);
    private readonly Dictionary<string, OnnxNode> readerOf = new(StringComparer.Ordinal);
    private readonly HashSet<OnnxNode> done = [];
    private readonly HashSet<string> names = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Node> owners = new(StringComparer.Ordinal);

    public OnnxGraphReader(ModelProto model, OnnxSource source)
    {
        this.source = source;
        graph = model.Graph ?? throw source.Wrong("is no ONNX model: it has no graph");
        operatorSet = model.OpsetImport.FirstOrDefault(o => IsOnnx(o.Domain))?.Version ?? throw source.Wrong("names no operator set of ONNX");
        if (operatorSet < OldestOperatorSet) throw source.Wrong($"asks for operator set {operatorSet}; {OldestOperatorSet} and later are read");
    }

    /// <summary>What a name stands for.</summary>
    /// <param name="Node">The value here.</param>
    /// <param name="IsFlat">The model has it as N×C, or as N×(C·H·W) where the node still has height and width.</param>
    /// <param name="Factor">What it is multiplied by there and not yet here.</param>
    /// <param name="Shift">What is added then.</param>
    /// <param name="Before">Zeros put before rows and columns there and not yet here.</param>
    /// <param name="After">Zeros put after them.</param>
    private readonly record struct Value(Node Node, bool IsFlat, float Factor = 1, float Shift = 0, Extent Before = default, Extent After = default)
    {
        public bool IsPadded => Before != (Extent)0 || After != (Extent)0;

        public bool IsVector => Node.Shape is { Height: 1, Width: 1 };
    }

    /// <summary>The parameters of all layers.</summary>
    public List<OnnxWeight> Weights { get; } = [];

    private static bool IsOnnx(string domain) => domain is "" or "ai.onnx";

    public Graph Read()
    {
        foreach (TensorProto tensor in graph.Initializer)
            if (!constants.TryAdd(tensor.Name, new OnnxConstant(tensor, source))) throw source.Wrong($"two tensors are named {PrintableName.Of(tensor.Name)}");
        OnnxNode[] nodes = [.. graph.Node.Select(n => new OnnxNode(n, source))];
        foreach (OnnxNode node in nodes)
        {
            foreach (string input in node.Inputs)
            {
                readers[input] = readers.GetValueOrDefault(input) + 1;
                readerOf[input] = node;
            }
        }
        foreach (ValueInfoProto output in graph.Output) readers[output.Name] = readers.GetValueOrDefault(output.Name) + 1;
        foreach (ValueInfoProto input in graph.Input.Where(i => !constants.ContainsKey(i.Name))) ReadInput(input);
        foreach (OnnxNode node in nodes.Where(n => n.Operator == "Constant")) ReadConstant(node);
        foreach (OnnxNode node in nodes)
        {
            if (!done.Add(node)) continue;
            try
            {
                Read(node);
            }
            catch (Exception error) when (error is GraphException or LayerException or OverflowException)
            {
                throw node.Wrong($"cannot be: {error.Message}", error);
            }
        }
        if (graph.Output.Count == 0) throw source.Wrong("has no outputs");
        return Graph.Of([.. graph.Output.Select(Output).Distinct()]);
    }

    private Node Output(ValueInfoProto output)
    {
        if (!values.TryGetValue(output.Name, out Value value)) throw source.Wrong($"no node makes the output {PrintableName.Of(output.Name)}");
        if (value.IsPadded) throw source.Wrong($"the output {PrintableName.Of(output.Name)} is padded; padding is read before convolutions and poolings");
        return Whole(value, output.Name).Node;
    }

    private void ReadInput(ValueInfoProto input)
    {
        string name = PrintableName.Of(input.Name);
        TypeProto.Types.Tensor type = input.Type?.TensorType ?? throw source.Wrong($"the input {name} is no tensor");
        if ((TensorProto.Types.DataType)type.ElemType is not (TensorProto.Types.DataType.Float or TensorProto.Types.DataType.Float16 or TensorProto.Types.DataType.Double))
            throw source.Wrong($"the input {name} holds {(TensorProto.Types.DataType)type.ElemType}; nets take floating-point numbers");
        Google.Protobuf.Collections.RepeatedField<TensorShapeProto.Types.Dimension> sizes = type.Shape?.Dim ?? throw source.Wrong($"the input {name} has no sizes; export the model with the sizes of one picture");
        if (sizes.Count is not (2 or 4)) throw source.Wrong($"the input {name} has {sizes.Count} dimensions; samples × channels × height × width, or samples × values, are read");
        int[] sample = [.. sizes.Skip(1).Select(d => d.DimValue is > 0 and <= LongestSide ? (int)d.DimValue
            : throw source.Wrong($"the input {name} leaves sizes of a sample open; only the batch may be dynamic, so export the model with the sizes of one picture"))];
        if (!values.TryAdd(input.Name, new Value(Node.Input(Named(input.Name), sample[0], sample.Length > 1 ? sample[1] : 1, sample.Length > 1 ? sample[2] : 1), IsFlat: sample.Length == 1)))
            throw source.Wrong($"two inputs are named {name}");
    }

    private void ReadConstant(OnnxNode node)
    {
        done.Add(node);
        TensorProto? tensor = node.Tensor("value");
        if (tensor is null && node.Has("value_float")) tensor = new TensorProto { DataType = 1, FloatData = { node.Float("value_float", 0) } };
        if (tensor is null && node.Has("value_int")) tensor = new TensorProto { DataType = 7, Int64Data = { node.Integer("value_int", 0) } };
        if (tensor is null && node.Floats("value_floats") is { } floats) tensor = new TensorProto { DataType = 1, FloatData = { floats }, Dims = { floats.Length } };
        if (tensor is null && node.Integers("value_ints") is { } integers) tensor = new TensorProto { DataType = 7, Int64Data = { integers }, Dims = { integers.Length } };
        if (tensor is null || node.Outputs.Count != 1) throw node.Wrong("holds no tensor of numbers");
        if (!constants.TryAdd(node.Outputs[0], new OnnxConstant(tensor, source))) throw node.Wrong($"makes {PrintableName.Of(node.Outputs[0])}, which is there already");
    }

    private bool IsConstant(string name) => constants.ContainsKey(name);

    private OnnxConstant ConstantOf(OnnxNode node, int input) => constants.TryGetValue(Input(node, input), out OnnxConstant? constant)
        ? constant
        : throw node.Wrong($"takes {PrintableName.Of(node.Inputs[input])} as a value; it must be a constant here");

    private bool IsGiven(OnnxNode node, int input) => input < node.Inputs.Count && node.Inputs[input].Length > 0;

    private string Input(OnnxNode node, int input) => IsGiven(node, input) ? node.Inputs[input] : throw node.Wrong($"has no input {input}");

    private Value Raw(OnnxNode node, int input)
    {
        string name = Input(node, input);
        return values.TryGetValue(name, out Value value) ? value
            : throw node.Wrong(constants.ContainsKey(name) ? $"takes the constant {PrintableName.Of(name)} where a computed value is expected" : $"takes {PrintableName.Of(name)}, which no node before it makes");
    }

    // With factors applied; padding is the business of convolutions and poolings alone.
    private Value Whole(OnnxNode node, int input)
    {
        Value value = Raw(node, input);
        return value.IsPadded ? throw node.Wrong("reads a padded value; padding is read before convolutions and poolings") : Whole(value, node.Inputs[input]);
    }

    private Value Whole(Value value, string name) =>
        value is { Factor: 1, Shift: 0 } ? value : value with { Node = value.Node.Power(Named(name), factor: value.Factor, shift: value.Shift), Factor = 1, Shift = 0 };

    private Value Plane(OnnxNode node, int input, bool isPadded = false)
    {
        Value value = isPadded ? Raw(node, input) : Whole(node, input);
        if (isPadded) value = Whole(value, node.Inputs[input]);
        return value.IsFlat ? throw node.Wrong("reads a flat value, where samples × channels × height × width are expected") : value;
    }

    private void Set(OnnxNode node, Value value)
    {
        if (node.Outputs.Count == 0 || node.Outputs[0].Length == 0) throw node.Wrong("makes no value");
        if (constants.ContainsKey(node.Outputs[0]) || !values.TryAdd(node.Outputs[0], value)) throw node.Wrong($"makes {PrintableName.Of(node.Outputs[0])}, which is there already");
    }

    private void Set(OnnxNode node, Node made, bool isFlat) => Set(node, new Value(made, isFlat));

    // The node that alone reads a value; null where several do, or it is an output.
    private OnnxNode? OnlyReader(string value) => readers.GetValueOrDefault(value) == 1 ? readerOf.GetValueOrDefault(value) : null;

    // The node that alone reads this one's value, if it is of that operator and its other input is a constant.
    private OnnxNode? Follower(OnnxNode node, string @operator, out OnnxConstant? other)
    {
        other = null;
        string output = node.Outputs.FirstOrDefault("");
        if (OnlyReader(output) is not { Inputs.Count: 2 } next || next.Operator != @operator || done.Contains(next)) return null;
        return constants.TryGetValue(next.Inputs[0] == output ? next.Inputs[1] : next.Inputs[0], out other) ? next : null;
    }

    // A name that no other node has.
    private string Named(string wanted)
    {
        string name = string.IsNullOrWhiteSpace(wanted) ? "value" : wanted, unique = name;
        for (int i = 2; !names.Add(unique); i++) unique = $"{name}_{i}";
        return unique;
    }

    private static Func<float[]> Repeated(int count, float value) => () =>
    {
        float[] all = new float[count];
        all.AsSpan().Fill(value);
        return all;
    };

    // Notes a parameter of a node; its sizes must be those that the layer asks for.
    private void Keep(Node node, string kind, IReadOnlyList<long> shape, Func<float[]> floats) => Weights.Add(new OnnxWeight(node.Name, kind, shape, floats));

    private void Keep(OnnxNode from, Node node, string kind, OnnxConstant constant, Func<float[]>? floats = null)
    {
        ParameterSpec spec = node.Layer.Parameters(node.InputShapes).First(p => p.Name == kind);
        if (constant.Count != spec.Count) throw from.Wrong($"has {constant.Count} values in {constant.Name} [{string.Join(", ", constant.Shape)}], but its {kind} takes {string.Join("×", spec.Dimensions)}");
        Keep(node, kind, [.. spec.Dimensions.Select(d => (long)d)], floats ?? constant.Floats);
    }
}

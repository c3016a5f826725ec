using EvenNet.Framework;
using EvenNet.Interop.OnnxFormat;

namespace EvenNet.Interop;

/// <summary>One node of a model that is read: its attributes by name, and errors that name it.</summary>
internal sealed class OnnxNode
{
    /// <summary>The longest window, step, padding or dilation that is read.</summary>
    public const int LargestSize = 1 << 15;

    private readonly OnnxSource source;
    private readonly NodeProto proto;
    private readonly Dictionary<string, AttributeProto> attributes = new(StringComparer.Ordinal);

    public OnnxNode(NodeProto proto, OnnxSource source)
    {
        (this.proto, this.source) = (proto, source);
        foreach (AttributeProto attribute in proto.Attribute)
            if (!attributes.TryAdd(attribute.Name, attribute)) throw Wrong($"has the attribute {PrintableName.Of(attribute.Name)} twice");
    }

    public string Operator => proto.OpType;

    public string Domain => proto.Domain;

    public IList<string> Inputs => proto.Input;

    public IList<string> Outputs => proto.Output;

    public string Name => proto.Name.Length > 0 ? proto.Name : proto.Output.FirstOrDefault("");

    /// <summary>«model.onnx: node conv1 (Conv) reason».</summary>
    public WeightsFormatException Wrong(string reason, Exception? inner = null) => source.Wrong($"node {PrintableName.Of(Name)} ({PrintableName.Of(Operator)}) {reason}", inner);

    public bool Has(string attribute) => attributes.ContainsKey(attribute);

    public TensorProto? Tensor(string attribute) => attributes.TryGetValue(attribute, out AttributeProto? a) ? a.T : null;

    public float Float(string attribute, float otherwise) => !attributes.TryGetValue(attribute, out AttributeProto? a) ? otherwise
        : a.HasF ? float.IsFinite(a.F) ? a.F : throw Wrong($"has {attribute} {a.F}")
        : a.Type == AttributeProto.Types.AttributeType.Float ? 0 : throw Wrong($"has {attribute} as something other than a number");

    public long Integer(string attribute, long otherwise) => !attributes.TryGetValue(attribute, out AttributeProto? a) ? otherwise
        : a.HasI ? a.I : a.Type == AttributeProto.Types.AttributeType.Int ? 0 : throw Wrong($"has {attribute} as something other than a whole number");

    public int Small(string attribute, int otherwise)
    {
        long value = Integer(attribute, otherwise);
        return value is >= 0 and <= int.MaxValue ? (int)value : throw Wrong($"has {attribute} {value}");
    }

    public string Text(string attribute, string otherwise) => attributes.TryGetValue(attribute, out AttributeProto? a) ? a.S.ToStringUtf8() : otherwise;

    public long[]? Integers(string attribute) => attributes.TryGetValue(attribute, out AttributeProto? a) ? [.. a.Ints] : null;

    public float[]? Floats(string attribute) => attributes.TryGetValue(attribute, out AttributeProto? a) ? [.. a.Floats] : null;

    /// <summary>Height and width.</summary>
    public Extent Pair(string attribute, int otherwise) => Integers(attribute) is not { } values ? otherwise
        : values.Length == 2 && values.All(v => v is >= 0 and <= LargestSize) ? new Extent((int)values[0], (int)values[1])
        : throw Wrong($"has {attribute} [{string.Join(", ", values.Take(8))}]; two sizes are expected");

    /// <summary>Padding before and after, rows and columns.</summary>
    public (Extent Before, Extent After) Pads() => Integers("pads") is not { } v ? (0, 0)
        : v.Length == 4 && v.All(p => p is >= 0 and <= LargestSize) ? (new Extent((int)v[0], (int)v[1]), new Extent((int)v[2], (int)v[3]))
        : throw Wrong($"has pads [{string.Join(", ", v.Take(8))}]; four sizes from 0 on are expected");
}

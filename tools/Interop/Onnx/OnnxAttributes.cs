using EvenNet.Framework;
using EvenNet.Interop.OnnxFormat;

namespace EvenNet.Interop;

/// <summary>Attributes of ONNX nodes as they are written.</summary>
internal static class OnnxAttributes
{
    public static AttributeProto Whole(string name, long value) => new() { Name = name, I = value, Type = AttributeProto.Types.AttributeType.Int };

    public static AttributeProto Of(string name, float value) => new() { Name = name, F = value, Type = AttributeProto.Types.AttributeType.Float };

    public static AttributeProto Of(string name, params IReadOnlyList<long> values)
    {
        var attribute = new AttributeProto { Name = name, Type = AttributeProto.Types.AttributeType.Ints };
        attribute.Ints.AddRange(values);
        return attribute;
    }

    public static AttributeProto Of(string name, Extent extent) => Of(name, [extent.Height, extent.Width]);

    /// <summary>Padding above, left, below and right.</summary>
    public static AttributeProto Pads(Extent before, Extent after) => Of("pads", [before.Height, before.Width, after.Height, after.Width]);
}

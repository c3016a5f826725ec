using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace EvenNet.Framework;

/// <summary>
/// A message in the protocol buffers' encoding (protobuf.dev, «Encoding»): each field is its number and wire type as a varint, then its value. Zeros are
/// written where they are asked for.
/// </summary>
internal sealed class ProtobufMessage
{
    private const int VarintType = 0, Fixed64Type = 1, LengthType = 2, Fixed32Type = 5;

    private readonly ArrayBufferWriter<byte> bytes = new(64);

    public ReadOnlySpan<byte> Bytes => bytes.WrittenSpan;

    public ProtobufMessage Integer(int field, long value)
    {
        Tag(field, VarintType);
        Varint((ulong)value);
        return this;
    }

    public ProtobufMessage Double(int field, double value)
    {
        Tag(field, Fixed64Type);
        Fixed(value);
        return this;
    }

    public ProtobufMessage Float(int field, float value)
    {
        Tag(field, Fixed32Type);
        BinaryPrimitives.WriteSingleLittleEndian(bytes.GetSpan(4), value);
        bytes.Advance(4);
        return this;
    }

    public ProtobufMessage Text(int field, string text) => Raw(field, Encoding.UTF8.GetBytes(text));

    public ProtobufMessage Message(int field, ProtobufMessage message) => Raw(field, message.Bytes);

    /// <summary>A repeated field of doubles, packed.</summary>
    public ProtobufMessage Doubles(int field, ReadOnlySpan<double> values)
    {
        Tag(field, LengthType);
        Varint((ulong)values.Length * 8);
        foreach (double value in values) Fixed(value);
        return this;
    }

    private ProtobufMessage Raw(int field, ReadOnlySpan<byte> content)
    {
        Tag(field, LengthType);
        Varint((ulong)content.Length);
        bytes.Write(content);
        return this;
    }

    private void Tag(int field, int type) => Varint((ulong)(field << 3 | type));

    private void Fixed(double value)
    {
        BinaryPrimitives.WriteDoubleLittleEndian(bytes.GetSpan(8), value);
        bytes.Advance(8);
    }

    private void Varint(ulong value)
    {
        Span<byte> to = bytes.GetSpan(10);
        int count = 0;
        for (; value >= 0x80; value >>= 7) to[count++] = (byte)(value | 0x80);
        to[count++] = (byte)value;
        bytes.Advance(count);
    }
}

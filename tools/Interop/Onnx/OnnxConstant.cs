using System.Buffers.Binary;
using System.Globalization;
using EvenNet.Interop.OnnxFormat;
using Google.Protobuf;
using Type = EvenNet.Interop.OnnxFormat.TensorProto.Types.DataType;

namespace EvenNet.Interop;

/// <summary>A constant of a model. Its sizes have been held against its bytes, so that what it says never asks for more memory than the file has.</summary>
internal sealed class OnnxConstant
{
    private const int MostDimensions = 32;

    private readonly TensorProto tensor;
    private readonly OnnxSource source;
    private readonly ReadOnlyMemory<byte> raw;

    // In the file beside the model: where, and how many bytes.
    private readonly string? beside;
    private readonly long offset;

    public OnnxConstant(TensorProto tensor, OnnxSource source)
    {
        (this.tensor, this.source) = (tensor, source);
        if (tensor.Dims.Count > MostDimensions) throw Wrong($"has {tensor.Dims.Count} dimensions; {MostDimensions} at most are read");
        try
        {
            foreach (long size in tensor.Dims) Count = checked(Count * (size >= 0 ? size : throw Wrong($"has the size {size}")));
        }
        catch (OverflowException error)
        {
            throw source.Wrong($"tensor {Name}: [{string.Join(", ", tensor.Dims)}] is more than can be counted", error);
        }
        int width = DataType switch { Type.Float or Type.Int32 => 4, Type.Double or Type.Int64 => 8, Type.Float16 or Type.Bfloat16 => 2, _ => throw Wrong($"is {DataType}; numbers are read as float, double, float16, bfloat16, int32 and int64") };
        long held;
        if (tensor.DataLocation == TensorProto.Types.DataLocation.External) (beside, offset, held) = Beside();
        else if (tensor.HasRawData) (raw, held) = (tensor.RawData.Memory, tensor.RawData.Length);
        else held = (long)width * Listed;
        if (held != checked(width * Count)) throw Wrong($"[{string.Join(", ", tensor.Dims)}] of {DataType} takes {width * Count} bytes, but {held} are there");
        if (Count > int.MaxValue) throw Wrong($"has {Count} values; {int.MaxValue} at most are read");
    }

    public string Name => PrintableName.Of(tensor.Name);

    public long Count { get; } = 1;

    public IReadOnlyList<long> Shape => tensor.Dims;

    public bool IsInteger => DataType is Type.Int32 or Type.Int64;

    private Type DataType => (Type)tensor.DataType;

    private int Listed => DataType switch
    {
        Type.Float => tensor.FloatData.Count,
        Type.Double => tensor.DoubleData.Count,
        Type.Int64 => tensor.Int64Data.Count,
        _ => tensor.Int32Data.Count,
    };

    public float[] Floats()
    {
        float[] values = new float[Count];
        ReadOnlySpan<byte> bytes = Bytes();
        bool isRaw = beside is not null || tensor.HasRawData;
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = DataType switch
            {
                Type.Float => isRaw ? BinaryPrimitives.ReadSingleLittleEndian(bytes[(4 * i)..]) : tensor.FloatData[i],
                Type.Double => (float)(isRaw ? BinaryPrimitives.ReadDoubleLittleEndian(bytes[(8 * i)..]) : tensor.DoubleData[i]),
                Type.Float16 => (float)BitConverter.UInt16BitsToHalf(isRaw ? BinaryPrimitives.ReadUInt16LittleEndian(bytes[(2 * i)..]) : (ushort)tensor.Int32Data[i]),
                Type.Bfloat16 => BitConverter.Int32BitsToSingle((isRaw ? BinaryPrimitives.ReadUInt16LittleEndian(bytes[(2 * i)..]) : (ushort)tensor.Int32Data[i]) << 16),
                _ => Integer(bytes, isRaw, i),
            };
        }
        return values;
    }

    public long[] Integers()
    {
        if (!IsInteger) throw Wrong($"is {DataType}, whole numbers are expected");
        long[] values = new long[Count];
        ReadOnlySpan<byte> bytes = Bytes();
        bool isRaw = beside is not null || tensor.HasRawData;
        for (int i = 0; i < values.Length; i++) values[i] = Integer(bytes, isRaw, i);
        return values;
    }

    private long Integer(ReadOnlySpan<byte> bytes, bool isRaw, int i) => DataType == Type.Int64
        ? isRaw ? BinaryPrimitives.ReadInt64LittleEndian(bytes[(8 * i)..]) : tensor.Int64Data[i]
        : isRaw ? BinaryPrimitives.ReadInt32LittleEndian(bytes[(4 * i)..]) : tensor.Int32Data[i];

    private ReadOnlySpan<byte> Bytes()
    {
        if (beside is null) return raw.Span;
        byte[] bytes = new byte[Count * (DataType is Type.Double or Type.Int64 ? 8 : DataType is Type.Float or Type.Int32 ? 4 : 2)];
        try
        {
            using FileStream stream = File.OpenRead(beside);
            stream.Position = offset;
            stream.ReadExactly(bytes);
        }
        catch (EndOfStreamException error)
        {
            throw source.Wrong($"tensor {Name}: {beside} became shorter while it was read", error);
        }
        return bytes;
    }

    // The file must lie in the model's folder or below it: a model must not make its reader open any other.
    private (string Path, long Offset, long Length) Beside()
    {
        string location = Entry("location") ?? throw Wrong("lies beside the model, but no place is given");
        string[] parts = location.Split('/', '\\');
        if (location.Length == 0 || Path.IsPathRooted(location) || parts.Any(p => p is ".." or "") || location.Contains(':') || location.Contains('\0'))
            throw Wrong($"lies in {PrintableName.Of(location)}, which is not a file in the model's folder");
        string path = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(source.Path))!, Path.Combine(parts));
        if (!File.Exists(path)) throw Wrong($"lies in {PrintableName.Of(location)}, but there is no such file beside the model");
        long length = new FileInfo(path).Length, start = Number("offset") ?? 0, count = Number("length") ?? length - start;
        if (start < 0 || count < 0 || start > length || count > length - start) throw Wrong($"lies in {PrintableName.Of(location)} from byte {start} on for {count} bytes, but the file has {length}");
        return (path, start, count);
    }

    private string? Entry(string key) => tensor.ExternalData.FirstOrDefault(e => e.Key == key)?.Value;

    private long? Number(string key) => Entry(key) is not { } text ? null
        : long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long value) ? value : throw Wrong($"has the {key} «{PrintableName.Of(text)}», a number of bytes is expected");

    private EvenNet.Framework.WeightsFormatException Wrong(string reason) => source.Wrong($"tensor {Name} {reason}");
}

using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using EvenNet.Interop.OnnxFormat;
using Google.Protobuf;

namespace EvenNet.Interop;

/// <summary>Makes the constants of a model: their values inside the message, or in a file beside it as soon as they are made.</summary>
internal sealed class OnnxTensors
{
    // Where tensors start in the file beside: readers that map it into memory want pages.
    private const int Alignment = 4096;

    // Shapes and single numbers stay inside, where readers that infer sizes look for them.
    private const int SmallestBesideBytes = 1024;

    private readonly Stream? stream;
    private readonly string? location;
    private readonly CancellationToken cancellation;

    public OnnxTensors(CancellationToken cancellation) => this.cancellation = cancellation;

    public OnnxTensors(Stream stream, string location, CancellationToken cancellation) : this(cancellation) => (this.stream, this.location) = (stream, location);

    public TensorProto Floats(string name, IReadOnlyList<int> dimensions, float[] values)
    {
        cancellation.ThrowIfCancellationRequested();
        TensorProto tensor = Tensor(name, TensorProto.Types.DataType.Float, dimensions);
        if (!BitConverter.IsLittleEndian) BinaryPrimitives.ReverseEndianness(MemoryMarshal.Cast<float, int>(values), MemoryMarshal.Cast<float, int>(values.AsSpan()));
        ReadOnlySpan<byte> bytes = MemoryMarshal.AsBytes(values.AsSpan());
        if (stream is null || bytes.Length < SmallestBesideBytes) tensor.RawData = UnsafeByteOperations.UnsafeWrap(bytes.ToArray());
        else WriteBeside(tensor, bytes);
        return tensor;
    }

    public static TensorProto Integers(string name, params IReadOnlyList<long> values)
    {
        TensorProto tensor = Tensor(name, TensorProto.Types.DataType.Int64, [values.Count]);
        tensor.Int64Data.AddRange(values);
        return tensor;
    }

    private static TensorProto Tensor(string name, TensorProto.Types.DataType type, IReadOnlyList<int> dimensions)
    {
        var tensor = new TensorProto { Name = name, DataType = (int)type };
        foreach (int size in dimensions) tensor.Dims.Add(size);
        return tensor;
    }

    private void WriteBeside(TensorProto tensor, ReadOnlySpan<byte> bytes)
    {
        long offset = (stream!.Position + Alignment - 1) / Alignment * Alignment;
        Span<byte> zeros = stackalloc byte[Alignment];
        zeros.Clear();
        stream.Write(zeros[..(int)(offset - stream.Position)]);
        stream.Write(bytes);
        tensor.DataLocation = TensorProto.Types.DataLocation.External;
        tensor.ExternalData.Add(new StringStringEntryProto { Key = "location", Value = location });
        tensor.ExternalData.Add(new StringStringEntryProto { Key = "offset", Value = offset.ToString(CultureInfo.InvariantCulture) });
        tensor.ExternalData.Add(new StringStringEntryProto { Key = "length", Value = bytes.Length.ToString(CultureInfo.InvariantCulture) });
    }
}

using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace EvenNet.Framework;

/// <summary>An open safetensors file. The header has been checked whole; tensors are read on request, straight into the caller's memory.</summary>
public sealed class SafetensorsFile : IWeightFile
{
    private const int ChunkBytes = 1 << 20;

    private readonly string path;
    private readonly FileStream stream;
    private readonly long dataStart;
    private readonly Dictionary<string, SafetensorsTensor> byName;

    private SafetensorsFile(string path, FileStream stream, long dataStart, SafetensorsHeader header)
    {
        this.path = path;
        this.stream = stream;
        this.dataStart = dataStart;
        Tensors = header.Tensors;
        Metadata = header.Metadata;
        byName = header.Tensors.ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
    }

    /// <summary>Where it lies.</summary>
    public string Path => path;

    /// <summary>The tensors in the order of the header.</summary>
    public IReadOnlyList<SafetensorsTensor> Tensors { get; }

    /// <summary>The header's <c>__metadata__</c>, empty where it has none.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <inheritdoc/>
    public string ReadableTypes => "F32, F64, F16 and BF16";

    IReadOnlyList<WeightTensor> IWeightFile.Tensors => Tensors;

    internal static SafetensorsFile Open(string path)
    {
        var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
        try
        {
            if (!stream.CanSeek) throw new WeightsFormatException(path, "is a device or a pipe; weights are read from a plain file");
            long length = stream.Length;
            Span<byte> prefix = stackalloc byte[8];
            if (length < 8) throw new WeightsFormatException(path, $"{length} bytes are too few for a safetensors file (the header's length takes 8)");
            stream.ReadExactly(prefix);
            ulong headerBytes = BinaryPrimitives.ReadUInt64LittleEndian(prefix);
            if (headerBytes > (ulong)(length - 8))
                throw new WeightsFormatException(path, $"the header's length is given as {headerBytes} bytes, but the file has {length - 8} after it; it is cut off or no safetensors file");
            if (headerBytes > Safetensors.LongestHeaderBytes)
                throw new WeightsFormatException(path, $"the header's length is given as {headerBytes} bytes, more than the format's {Safetensors.LongestHeaderBytes}");
            byte[] json = new byte[(int)headerBytes];
            stream.ReadExactly(json);
            long dataStart = 8 + (long)headerBytes;
            return new SafetensorsFile(path, stream, dataStart, SafetensorsHeader.Parse(path, json, length - dataStart));
        }
        catch (EndOfStreamException error)
        {
            stream.Dispose();
            throw new WeightsFormatException(path, "the file became shorter while it was read", error);
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    /// <summary>The tensor of that name, or null.</summary>
    public SafetensorsTensor? Find(string name) => byName.GetValueOrDefault(name);

    /// <inheritdoc/>
    public bool CanRead(WeightTensor tensor) => tensor.DataType is "F32" or "F64" or "F16" or "BF16";

    WeightTensor? IWeightFile.Find(string name) => Find(name);

    /// <summary>Reads a whole tensor. Several threads may read at once.</summary>
    /// <exception cref="WeightsFormatException">No such tensor, another number of elements, a type that is not read, or a cut file.</exception>
    public void Read(string name, Span<float> destination)
    {
        SafetensorsTensor tensor = Find(name) ?? throw new WeightsFormatException(path, $"has no tensor named {name}");
        if (tensor.Count != destination.Length)
            throw new WeightsFormatException(path, $"tensor {name} [{string.Join(", ", tensor.Shape)}] has {tensor.Count} elements, not {destination.Length}");
        Read(name, 0, destination);
    }

    /// <summary>Reads the elements of a tensor from index <paramref name="first"/> on, as many as <paramref name="destination"/> holds.</summary>
    /// <exception cref="WeightsFormatException">No such tensor, not so many elements, a type that is not read, or a cut file.</exception>
    public void Read(string name, long first, Span<float> destination)
    {
        SafetensorsTensor tensor = Find(name) ?? throw new WeightsFormatException(path, $"has no tensor named {name}");
        if (first < 0 || first > tensor.Count - destination.Length)
            throw new WeightsFormatException(path, $"tensor {name} has {tensor.Count} elements; {destination.Length} from {first} on were asked for");
        switch (tensor.DataType)
        {
            case "F32":
                ReadBytes(name, dataStart + tensor.Begin + sizeof(float) * first, MemoryMarshal.AsBytes(destination));
                Safetensors.SwapOnBigEndian(destination);
                break;
            case "F64":
                ReadDoubles(name, dataStart + tensor.Begin + sizeof(double) * first, destination);
                break;
            case "F16" or "BF16":
                ReadHalves(name, dataStart + tensor.Begin + sizeof(ushort) * first, destination, isHalf: tensor.DataType == "F16");
                break;
            default:
                throw new WeightsFormatException(path, $"tensor {name} is {tensor.DataType}; only {ReadableTypes} are read");
        }
    }

    /// <summary>Closes the file.</summary>
    public void Dispose() => stream.Dispose();

    private void ReadDoubles(string name, long position, Span<float> destination)
    {
        byte[] buffer = new byte[Math.Min(ChunkBytes, sizeof(double) * (long)destination.Length)];
        while (destination.Length > 0)
        {
            int count = Math.Min(buffer.Length / sizeof(double), destination.Length);
            Span<byte> bytes = buffer.AsSpan(0, count * sizeof(double));
            ReadBytes(name, position, bytes);
            for (int i = 0; i < count; i++)
            {
                double value = BinaryPrimitives.ReadDoubleLittleEndian(bytes[(i * sizeof(double))..]);
                if (double.IsFinite(value) && !float.IsFinite((float)value))
                    throw new WeightsFormatException(path, $"tensor {name} holds {value}, which float32 cannot (at most {float.MaxValue})");
                destination[i] = (float)value;
            }
            position += bytes.Length;
            destination = destination[count..];
        }
    }

    // F16 is IEEE's half precision; BF16 the upper half of a float32.
    private void ReadHalves(string name, long position, Span<float> destination, bool isHalf)
    {
        byte[] buffer = new byte[Math.Min(ChunkBytes, sizeof(ushort) * (long)destination.Length)];
        while (destination.Length > 0)
        {
            int count = Math.Min(buffer.Length / sizeof(ushort), destination.Length);
            Span<byte> bytes = buffer.AsSpan(0, count * sizeof(ushort));
            ReadBytes(name, position, bytes);
            for (int i = 0; i < count; i++)
            {
                ushort bits = BinaryPrimitives.ReadUInt16LittleEndian(bytes[(i * sizeof(ushort))..]);
                destination[i] = isHalf ? (float)BitConverter.UInt16BitsToHalf(bits) : BitConverter.Int32BitsToSingle(bits << 16);
            }
            position += bytes.Length;
            destination = destination[count..];
        }
    }

    private void ReadBytes(string name, long position, Span<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            int read = RandomAccess.Read(stream.SafeFileHandle, bytes[..Math.Min(bytes.Length, 64 * ChunkBytes)], position);
            if (read == 0) throw new WeightsFormatException(path, $"tensor {name} ends {bytes.Length} bytes early: the file became shorter while it was open");
            position += read;
            bytes = bytes[read..];
        }
    }
}

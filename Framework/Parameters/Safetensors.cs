using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace EvenNet.Framework;

/// <summary>
/// Weights in the safetensors format (github.com/huggingface/safetensors, «Format»): the header's length as 8 bytes little-endian,
/// a JSON header padded with spaces to 8 bytes, then the tensors, raw and little-endian, one after the other.
/// </summary>
public static class Safetensors
{
    /// <summary>The longest header that is read, in bytes: the format's own limit.</summary>
    public const long LongestHeaderBytes = 100_000_000;

    internal const string MetadataKey = "__metadata__";

    private const int ChunkElements = 1 << 18;

    /// <summary>
    /// Writes the tensors as float32 in the order given, a chunk at a time and through <see cref="AtomicFile"/>.
    /// Equal content gives equal bytes: metadata are sorted by name and no clock is read.
    /// </summary>
    /// <exception cref="ArgumentException">Two tensors have one name, or a name or size is not possible.</exception>
    /// <exception cref="IOException">The file could not be written; an earlier one is unchanged.</exception>
    public static void Write(string path, IEnumerable<SafetensorsSource> tensors, IReadOnlyDictionary<string, string>? metadata = null,
        CancellationToken cancellation = default)
    {
        SafetensorsSource[] list = [.. tensors];
        byte[] header = Header(list, metadata);
        long bytes = header.Length;
        foreach (SafetensorsSource tensor in list) bytes += sizeof(float) * tensor.Count;

        AtomicFile.Write(path, stream =>
        {
            stream.Write(header);
            float[] buffer = new float[ChunkElements];
            foreach (SafetensorsSource tensor in list)
            {
                long count = tensor.Count;
                for (long first = 0; first < count; first += ChunkElements)
                {
                    cancellation.ThrowIfCancellationRequested();
                    Span<float> chunk = buffer.AsSpan(0, (int)Math.Min(ChunkElements, count - first));
                    tensor.Fill(first, chunk);
                    SwapOnBigEndian(chunk);
                    stream.Write(MemoryMarshal.AsBytes(chunk));
                }
            }
        }, bytes, cancellation);
    }

    /// <summary>Opens a file and checks all of its header; reads no tensor yet.</summary>
    /// <exception cref="WeightsFormatException">The header is not what the format allows, or does not fit the file.</exception>
    /// <exception cref="IOException">The file could not be opened.</exception>
    public static SafetensorsFile Open(string path) => SafetensorsFile.Open(path);

    internal static void SwapOnBigEndian(Span<float> values)
    {
        if (BitConverter.IsLittleEndian) return;
        Span<int> bits = MemoryMarshal.Cast<float, int>(values);
        BinaryPrimitives.ReverseEndianness(bits, bits);
    }

    // The length's 8 bytes and the JSON, padded so that the tensors start at a multiple of 8.
    private static byte[] Header(SafetensorsSource[] tensors, IReadOnlyDictionary<string, string>? metadata)
    {
        using var bytes = new MemoryStream();
        bytes.Write(stackalloc byte[8]);
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            if (metadata is { Count: > 0 }) Write(json, metadata);
            var names = new HashSet<string>(StringComparer.Ordinal) { MetadataKey };
            long begin = 0;
            foreach (SafetensorsSource tensor in tensors)
            {
                if (!names.Add(tensor.Name)) throw new ArgumentException($"two tensors are named {tensor.Name}, or the name is the format's own");
                long end = checked(begin + sizeof(float) * tensor.Count);
                Write(json, tensor, begin, end);
                begin = end;
            }
            json.WriteEndObject();
        }
        while (bytes.Length % 8 != 0) bytes.WriteByte((byte)' ');
        byte[] header = bytes.ToArray();
        BinaryPrimitives.WriteInt64LittleEndian(header, header.Length - 8);
        return header;
    }

    private static void Write(Utf8JsonWriter json, IReadOnlyDictionary<string, string> metadata)
    {
        json.WriteStartObject(MetadataKey);
        foreach ((string key, string value) in metadata.OrderBy(pair => pair.Key, StringComparer.Ordinal)) json.WriteString(key, value);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, SafetensorsSource tensor, long begin, long end)
    {
        json.WriteStartObject(tensor.Name);
        json.WriteString("dtype", "F32");
        json.WriteStartArray("shape");
        foreach (long size in tensor.Shape) json.WriteNumberValue(size);
        json.WriteEndArray();
        json.WriteStartArray("data_offsets");
        json.WriteNumberValue(begin);
        json.WriteNumberValue(end);
        json.WriteEndArray();
        json.WriteEndObject();
    }
}

using System.Globalization;
using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Text;
using EvenNet.Framework;

namespace EvenNet.Interop;

/// <summary>
/// Weights as numpy keeps several arrays in one file: a ZIP archive with one entry «name.npy» an array (NumPy, «numpy.lib.format» and «numpy.savez»).
/// </summary>
public static class Npz
{
    private const int ChunkElements = 1 << 18;

    // Where the numbers start in an entry: numpy's own choice, for reading by memory map.
    private const int Alignment = 64;

    // ZIP counts from 1980, and a clock would make equal weights differ.
    private static readonly DateTimeOffset Epoch = new(1980, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Writes the tensors as little-endian float32 in C order, uncompressed, a chunk at a time and through <see cref="AtomicFile"/>. Equal content gives equal bytes.</summary>
    /// <exception cref="ArgumentException">Two tensors have one name, or a name or size is not possible.</exception>
    /// <exception cref="IOException">The file could not be written; an earlier one is unchanged.</exception>
    public static void Write(string path, IEnumerable<SafetensorsSource> tensors, CancellationToken cancellation = default)
    {
        SafetensorsSource[] list = [.. tensors];
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (SafetensorsSource tensor in list)
            if (tensor.Name.Length == 0 || !names.Add(tensor.Name)) throw new ArgumentException($"two tensors are named {tensor.Name}, or one has no name");
        AtomicFile.Write(path, stream =>
        {
            using var archive = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true);
            float[] buffer = new float[ChunkElements];
            foreach (SafetensorsSource tensor in list)
            {
                ZipArchiveEntry entry = archive.CreateEntry($"{tensor.Name}.npy", CompressionLevel.NoCompression);
                entry.LastWriteTime = Epoch;
                using Stream to = entry.Open();
                to.Write(Header(tensor.Shape));
                for (long first = 0, count = tensor.Count; first < count; first += ChunkElements)
                {
                    cancellation.ThrowIfCancellationRequested();
                    Span<float> chunk = buffer.AsSpan(0, (int)Math.Min(ChunkElements, count - first));
                    tensor.Fill(first, chunk);
                    to.Write(MemoryMarshal.AsBytes(chunk));
                }
            }
        }, cancellation: cancellation);
    }

    /// <summary>Writes all parameters of a net under their names; scales that are one are left out, as in <see cref="Checkpoint"/>.</summary>
    /// <exception cref="IOException">The file could not be written; an earlier one is unchanged.</exception>
    public static void Save(ParameterSet parameters, string path, CancellationToken cancellation = default) =>
        Write(path, parameters.All.Where(p => p.Spec.Name != "scale" || p.Read()[0] != 1).Select(p => new SafetensorsSource(
            p.Name, [.. p.Spec.Dimensions.Select(d => (long)d)], (first, buffer) => p.Values.Storage.Read(p.Values.Offset + first, buffer))), cancellation);

    /// <summary>Opens a file and checks the headers of all arrays; reads no numbers yet.</summary>
    /// <exception cref="WeightsFormatException">It is no ZIP archive, or an array is not what the format allows.</exception>
    /// <exception cref="IOException">The file could not be opened.</exception>
    public static NpzFile Open(string path) => NpzFile.Open(path);

    // Magic number, version 1.0, the header's length, and a dictionary as Python writes it, filled with spaces up to a line's end.
    private static byte[] Header(IReadOnlyList<long> shape)
    {
        if (!BitConverter.IsLittleEndian) throw new PlatformNotSupportedException("arrays are written on little-endian machines only");
        string sizes = string.Join(", ", shape.Select(s => s.ToString(CultureInfo.InvariantCulture))) + (shape.Count == 1 ? "," : "");
        string text = $"{{'descr': '<f4', 'fortran_order': False, 'shape': ({sizes}), }}";
        int length = (NpyHeader.PrefixBytes + text.Length + 1 + Alignment - 1) / Alignment * Alignment;
        byte[] header = new byte[length];
        header.AsSpan().Fill((byte)' ');
        NpyHeader.Magic.CopyTo(header);
        (header[6], header[7]) = (1, 0);
        BitConverter.TryWriteBytes(header.AsSpan(8), (ushort)(length - NpyHeader.PrefixBytes));
        Encoding.ASCII.GetBytes(text, header.AsSpan(NpyHeader.PrefixBytes));
        header[^1] = (byte)'\n';
        return header;
    }
}

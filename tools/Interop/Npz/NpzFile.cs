using System.Buffers.Binary;
using System.IO.Compression;
using EvenNet.Framework;

namespace EvenNet.Interop;

/// <summary>One array of a file: what its header says.</summary>
/// <param name="Name">Without «.npy».</param>
/// <param name="DataType">numpy's own word: «&lt;f4», «&gt;f8», «|u1».</param>
/// <param name="Shape">Sizes from the slowest to the fastest, whatever the order in the file.</param>
/// <param name="IsFortran">Whether the first index runs fastest in the file.</param>
public sealed record NpzArray(string Name, string DataType, IReadOnlyList<long> Shape, bool IsFortran) : WeightTensor(Name, DataType, Shape)
{
    /// <inheritdoc/>
    public override long Count => Shape.Aggregate(1L, (a, b) => a * b);
}

/// <summary>
/// An open .npz file, stored or compressed. All headers have been checked and held against the entries' sizes; numbers are read on request. Nothing is
/// unpacked that was not asked for, so a small file that unpacks to a large one costs nothing.
/// </summary>
public sealed class NpzFile : IWeightFile
{
    private const string Ending = ".npy";

    private const int ChunkBytes = 1 << 16;

    // Deflate cannot shrink further than this (a run of 258 bytes in 2 bits).
    private const int MostExpansion = 1032;

    private readonly FileStream stream;
    private readonly ZipArchive archive;
    private readonly Dictionary<string, (NpzArray Array, ZipArchiveEntry Entry, long Start)> byName;

    // What was read last, and up to where; a whole array where it lies in Fortran order.
    private (string Name, Stream Stream, long Next)? open;
    private (string Name, float[] Values)? whole;

    private NpzFile(string path, FileStream stream, ZipArchive archive, Dictionary<string, (NpzArray, ZipArchiveEntry, long)> byName)
    {
        (Path, this.stream, this.archive, this.byName) = (path, stream, archive, byName);
        Arrays = [.. this.byName.Values.Select(v => v.Array)];
    }

    /// <inheritdoc/>
    public string Path { get; }

    /// <summary>The arrays in the file's order.</summary>
    public IReadOnlyList<NpzArray> Arrays { get; }

    IReadOnlyList<WeightTensor> IWeightFile.Tensors => Arrays;

    /// <summary>None: the format has no place for them.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; } = new Dictionary<string, string>();

    /// <inheritdoc/>
    public string ReadableTypes => "f2, f4 and f8";

    internal static NpzFile Open(string path)
    {
        var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
        try
        {
            if (!stream.CanSeek) throw new WeightsFormatException(path, "is a device or a pipe; arrays are read from a plain file");
            var archive = new ZipArchive(stream, ZipArchiveMode.Read);
            var byName = new Dictionary<string, (NpzArray, ZipArchiveEntry, long)>(StringComparer.Ordinal);
            foreach (ZipArchiveEntry entry in archive.Entries) ReadHeader(path, stream.Length, entry, byName);
            return new NpzFile(path, stream, archive, byName);
        }
        catch (Exception error)
        {
            stream.Dispose();
            if (IsBroken(error)) throw new WeightsFormatException(path, $"is no .npz file, or a broken one: {error.Message}", error);
            throw;
        }
    }

    // What the archive's reader throws where bytes are not as the format has them.
    private static bool IsBroken(Exception error) => error is InvalidDataException or EndOfStreamException or NotSupportedException or ArgumentException or OverflowException;

    private static void ReadHeader(string path, long fileBytes, ZipArchiveEntry entry, Dictionary<string, (NpzArray, ZipArchiveEntry, long)> byName)
    {
        string name = PrintableName.Of(entry.FullName);
        if (!entry.FullName.EndsWith(Ending, StringComparison.Ordinal)) throw new WeightsFormatException(path, $"{name} is no array: its name does not end in {Ending}");
        if (entry.CompressedLength > fileBytes || entry.Length / MostExpansion > entry.CompressedLength)
            throw new WeightsFormatException(path, $"{name} is said to unpack from {entry.CompressedLength} bytes to {entry.Length}, which cannot be");
        if (entry.IsEncrypted) throw new WeightsFormatException(path, $"{name} is encrypted");
        try
        {
            using Stream content = entry.Open();
            NpyHeader header = NpyHeader.Read(content);
            var array = new NpzArray(entry.FullName[..^Ending.Length], header.Type, header.Shape, header.IsFortran);
            if (Width(header.Type) is var width && width > 0 && header.Bytes + checked(width * header.Count) != entry.Length)
                throw new WeightsFormatException(path, $"{name}: {header.Type} ({string.Join(", ", header.Shape)}) takes {width * header.Count} bytes, but {entry.Length - header.Bytes} follow its header");
            if (!byName.TryAdd(array.Name, (array, entry, header.Bytes))) throw new WeightsFormatException(path, $"two arrays are named {name}");
        }
        catch (Exception error) when (error is not WeightsFormatException && (error is FormatException || IsBroken(error)))
        {
            throw new WeightsFormatException(path, $"{name} {error.Message}", error);
        }
    }

    /// <inheritdoc/>
    public WeightTensor? Find(string name) => byName.TryGetValue(name, out var found) ? found.Array : null;

    /// <inheritdoc/>
    public bool CanRead(WeightTensor tensor) => Width(tensor.DataType) > 0;

    /// <summary>Reads the elements of an array from index <paramref name="first"/> on in C order. Quickest from the first to the last.</summary>
    /// <exception cref="WeightsFormatException">No such array, not so many elements, a type other than f2, f4 and f8, or broken data.</exception>
    public void Read(string name, long first, Span<float> destination)
    {
        if (!byName.TryGetValue(name, out var found)) throw new WeightsFormatException(Path, $"has no array named {name}");
        NpzArray array = found.Array;
        if (first < 0 || first > array.Count - destination.Length) throw new WeightsFormatException(Path, $"array {name} has {array.Count} elements; {destination.Length} from {first} on were asked for");
        if (!CanRead(array)) throw new WeightsFormatException(Path, $"array {name} is {array.DataType}; only {ReadableTypes} are read");
        try
        {
            if (array.IsFortran && array.Shape.Count > 1) ReadFortran(array).AsSpan((int)first, destination.Length).CopyTo(destination);
            else ReadInOrder(array, first, destination);
        }
        catch (Exception error) when (IsBroken(error))
        {
            Close();
            throw new WeightsFormatException(Path, $"array {name} is damaged: {error.Message}", error);
        }
    }

    /// <summary>Closes the file.</summary>
    public void Dispose()
    {
        Close();
        archive.Dispose();
        stream.Dispose();
    }

    private void Close()
    {
        open?.Stream.Dispose();
        (open, whole) = (null, null);
    }

    private void ReadInOrder(NpzArray array, long first, Span<float> destination)
    {
        if (open is not { } last || last.Name != array.Name || last.Next != first)
        {
            Close();
            (_, ZipArchiveEntry entry, long start) = byName[array.Name];
            Stream content = entry.Open();
            Skip(content, start + Width(array.DataType) * first);
            open = (array.Name, content, first);
        }
        Decode(array, open.Value.Stream, destination);
        open = open.Value with { Next = first + destination.Length };
    }

    // The first index runs fastest in the file; element (i, j, k) lies at i + I · (j + J · k) there.
    private float[] ReadFortran(NpzArray array)
    {
        if (whole?.Name == array.Name) return whole.Value.Values;
        if (array.Count > Array.MaxLength) throw new WeightsFormatException(Path, $"array {array.Name} has {array.Count} elements; in Fortran order {Array.MaxLength} at most are read");
        float[] inFile = new float[array.Count];
        ReadInOrder(array, 0, inFile);
        float[] values = new float[inFile.Length];
        int rank = array.Shape.Count;
        long[] index = new long[rank], steps = new long[rank];
        for (int d = rank - 1; d >= 0; d--) steps[d] = d == rank - 1 ? 1 : steps[d + 1] * array.Shape[d + 1];
        long to = 0;
        foreach (float value in inFile)
        {
            values[to] = value;
            for (int d = 0; d < rank; d++)
            {
                to += steps[d];
                if (++index[d] < array.Shape[d]) break;
                to -= steps[d] * array.Shape[d];
                index[d] = 0;
            }
        }
        Close();
        whole = (array.Name, values);
        return values;
    }

    private void Decode(NpzArray array, Stream content, Span<float> destination)
    {
        int width = Width(array.DataType);
        bool isBig = array.DataType[0] == '>';
        byte[] buffer = new byte[Math.Min(ChunkBytes, width * (long)destination.Length)];
        while (destination.Length > 0)
        {
            int count = Math.Min(buffer.Length / width, destination.Length);
            Span<byte> bytes = buffer.AsSpan(0, count * width);
            content.ReadExactly(bytes);
            for (int i = 0; i < count; i++) destination[i] = Number(array.Name, bytes.Slice(i * width, width), isBig);
            destination = destination[count..];
        }
    }

    private float Number(string name, ReadOnlySpan<byte> bytes, bool isBig)
    {
        if (bytes.Length == 4) return isBig ? BinaryPrimitives.ReadSingleBigEndian(bytes) : BinaryPrimitives.ReadSingleLittleEndian(bytes);
        if (bytes.Length == 2) return (float)(isBig ? BinaryPrimitives.ReadHalfBigEndian(bytes) : BinaryPrimitives.ReadHalfLittleEndian(bytes));
        double value = isBig ? BinaryPrimitives.ReadDoubleBigEndian(bytes) : BinaryPrimitives.ReadDoubleLittleEndian(bytes);
        return double.IsFinite(value) && !float.IsFinite((float)value)
            ? throw new WeightsFormatException(Path, $"array {name} holds {value}, which float32 cannot (at most {float.MaxValue})")
            : (float)value;
    }

    private static void Skip(Stream content, long bytes)
    {
        byte[] buffer = new byte[ChunkBytes];
        while (bytes > 0)
        {
            int read = content.Read(buffer, 0, (int)Math.Min(buffer.Length, bytes));
            if (read == 0) throw new EndOfStreamException("it ends early");
            bytes -= read;
        }
    }

    // Bytes of a number; 0 for a type that is not read.
    private static int Width(string type) => type switch { "<f2" or ">f2" => 2, "<f4" or ">f4" => 4, "<f8" or ">f8" => 8, _ => 0 };
}

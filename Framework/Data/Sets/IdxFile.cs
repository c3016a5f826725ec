using System.Buffers.Binary;
using System.IO.Compression;

namespace EvenNet.Framework;

/// <summary>
/// One IDX file, plain or compressed with gzip (whatever its name): two zero bytes, the type (8: unsigned bytes), the number of dimensions, each as
/// four bytes, highest first; then the values (LeCun, Cortes and Burges, «The MNIST database»).
/// </summary>
internal sealed class IdxFile
{
    private const int UnsignedByte = 8, Piece = 1 << 20;

    private IdxFile(string path, int[] sizes, byte[] data) => (Path, Sizes, Data) = (path, sizes, data);

    public string Path { get; }

    public int[] Sizes { get; }

    public byte[] Data { get; }

    /// <summary>Reads a file of so many dimensions whole.</summary>
    /// <exception cref="ImageSourceException">It is not there, not of this form, or not whole.</exception>
    public static IdxFile Read(string path, int dimensions)
    {
        if (!File.Exists(path)) throw new ImageSourceException($"There is no file {path}.{MissingPath.Guess(path)}");
        try
        {
            using FileStream file = File.OpenRead(path);
            bool isCompressed = file.ReadByte() == 0x1F && file.ReadByte() == 0x8B;
            file.Position = 0;
            using Stream stream = isCompressed ? new GZipStream(file, CompressionMode.Decompress) : file;
            int[] sizes = Header(stream, path, dimensions);
            long count = sizes.Aggregate(1L, (product, size) => product * size);
            if (count > Array.MaxLength) throw new ImageSourceException($"{path} says that it holds {string.Join("×", sizes)} values; at most {Array.MaxLength} are read.");
            return new IdxFile(path, sizes, Values(stream, path, sizes, (int)count));
        }
        catch (InvalidDataException error)
        {
            throw new ImageSourceException($"{path} is a broken gzip file: {error.Message}", error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new ImageSourceException($"{path} cannot be read: {error.Message}", error);
        }
    }

    private static int[] Header(Stream stream, string path, int dimensions)
    {
        Span<byte> header = stackalloc byte[4 + 4 * dimensions];
        int length = stream.ReadAtLeast(header, header.Length, throwOnEndOfStream: false);
        if (length < 4 || header[0] != 0 || header[1] != 0) throw new ImageSourceException($"{path} is no IDX file: it starts with {Convert.ToHexString(header[..Math.Min(4, length)])}, not with 0000.");
        if (header[2] != UnsignedByte) throw new ImageSourceException($"{path} holds IDX values of type {header[2]:X2}; only unsigned bytes (08) are read.");
        if (header[3] != dimensions) throw new ImageSourceException($"{path} has {header[3]} dimensions, {dimensions} are expected: {(dimensions == 1 ? "labels" : "pictures × rows × columns")}.");
        if (length < header.Length) throw new ImageSourceException($"{path} is cut off: its header has {length} of {header.Length} bytes.");
        int[] sizes = new int[dimensions];
        for (int i = 0; i < dimensions; i++)
        {
            uint size = BinaryPrimitives.ReadUInt32BigEndian(header[(4 + 4 * i)..]);
            sizes[i] = size is > 0 and <= int.MaxValue ? (int)size : throw new ImageSourceException($"{path} says that it has a dimension of {size}.");
        }
        return sizes;
    }

    // What a header claims is believed only as the values come in.
    private static byte[] Values(Stream stream, string path, int[] sizes, int count)
    {
        byte[] data = new byte[Math.Min(count, Piece)];
        int length = 0;
        while (true)
        {
            length += stream.ReadAtLeast(data.AsSpan(length), data.Length - length, throwOnEndOfStream: false);
            if (length < data.Length) throw new ImageSourceException($"{path} is cut off: {string.Join("×", sizes)} values are {count} bytes, the file has {length}.");
            if (length == count) break;
            Array.Resize(ref data, (int)Math.Min(count, 2L * length));
        }
        if (stream.ReadByte() >= 0) throw new ImageSourceException($"{path} has more than the {count} bytes of its {string.Join("×", sizes)} values.");
        return data;
    }
}

using System.IO.Compression;
using System.Text;

namespace EvenNet.Interop;

/// <summary>
/// Reads MATLAB's files of level 5 (versions 5 to 7, «MAT-File Format», The MathWorks): numbers, texts and cell arrays of them, compressed or not, of either
/// byte order. What else a file holds is passed over by its class's name.
/// </summary>
public static class MatFile
{
    private const int HeaderBytes = 128, TextBytes = 116, VersionAt = 124, OrderAt = 126, Level5 = 0x0100;

    // Deflate cannot shrink further than this (a run of 258 bytes in 2 bits).
    private const int MostExpansion = 1032;

    private const int ChunkBytes = 1 << 16;

    /// <summary>All variables of a file, in its order.</summary>
    /// <exception cref="MatFormatException">It is of another version, or broken.</exception>
    /// <exception cref="IOException">The file could not be read.</exception>
    public static IReadOnlyList<MatArray> Read(string path)
    {
        byte[] file = Bytes(path);
        bool isBig = CheckHeader(path, file);
        var variables = new List<MatArray>();
        for (int at = HeaderBytes; at < file.Length;)
        {
            try
            {
                MatElement element = MatElement.Read(file, at, isBig);
                if (element.Storage == MatStorage.Compressed) element = MatElement.Read(Unpack(element.Data), 0, isBig) with { Next = element.Next };
                if (element.Storage != MatStorage.Matrix) throw new FormatException($"a variable is expected, type {(int)MatStorage.Matrix}, got type {(int)element.Storage}");
                variables.Add(MatMatrix.Read(element.Data, isBig));
                at = element.Next;
            }
            catch (Exception error) when (error is FormatException or InvalidDataException)
            {
                throw new MatFormatException(path, at, error.Message, error);
            }
        }
        return variables;
    }

    private static byte[] Bytes(string path)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
        if (!stream.CanSeek) throw new MatFormatException(path, 0, "it is a device or a pipe; a plain file is read");
        if (stream.Length > Array.MaxLength) throw new MatFormatException(path, 0, $"it has {stream.Length} bytes, {Array.MaxLength} at most are read");
        byte[] bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }

    private static bool CheckHeader(string path, byte[] file)
    {
        if (file.Length < HeaderBytes) throw new MatFormatException(path, 0, $"a MATLAB file begins with {HeaderBytes} bytes, this one has {file.Length}");
        string order = Encoding.Latin1.GetString(file, OrderAt, 2);
        if (file.AsSpan(0, TextBytes).StartsWith("MATLAB 7.3"u8)) throw new MatFormatException(path, 0, "a file of version 7.3, which is HDF5; save it in MATLAB with '-v7'");
        if (order is not ("IM" or "MI")) throw new MatFormatException(path, OrderAt, $"no MATLAB file of level 5: the byte order should be IM or MI, it is {PrintableName.Of(order)}");
        bool isBig = order == "MI";
        int version = isBig ? file[VersionAt] << 8 | file[VersionAt + 1] : file[VersionAt + 1] << 8 | file[VersionAt];
        return version == Level5 ? isBig : throw new MatFormatException(path, VersionAt, $"version 0x{version:x4}; 0x{Level5:x4} is read (save it in MATLAB with '-v7')");
    }

    // What comes out is believed only as far as deflate can grow what is there.
    private static ReadOnlyMemory<byte> Unpack(ReadOnlyMemory<byte> packed)
    {
        var unpacked = new MemoryStream();
        using var zlib = new ZLibStream(new MemoryStream(packed.ToArray(), writable: false), CompressionMode.Decompress);
        byte[] buffer = new byte[ChunkBytes];
        long most = Math.Min(Array.MaxLength, (long)packed.Length * MostExpansion);
        while (zlib.Read(buffer) is > 0 and int read)
        {
            if (unpacked.Length + read > most) throw new FormatException($"{packed.Length} bytes unpack to more than {most}");
            unpacked.Write(buffer, 0, read);
        }
        return unpacked.GetBuffer().AsMemory(0, (int)unpacked.Length);
    }
}

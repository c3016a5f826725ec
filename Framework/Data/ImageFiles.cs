using System.Buffers;
using Microsoft.Win32.SafeHandles;

namespace EvenNet.Framework;

/// <summary>Opens pictures by their content, not by their extension: PNG, PPM and PGM, and what the decoders handed in can read (JPEG lies with the kernels).</summary>
public sealed class ImageFiles
{
    private const int MostBytes = 1 << 30;

    private readonly IImageDecoder[] decoders;

    /// <summary>A reader of PNG, PPM, PGM and the formats of <paramref name="decoders"/>, which are asked first.</summary>
    public ImageFiles(params IEnumerable<IImageDecoder> decoders) => this.decoders = [.. decoders, new PngDecoder(), new PnmDecoder()];

    /// <summary>Reads and decodes a file.</summary>
    /// <exception cref="ImageFormatException">The content is of no known format, or broken, or the file is empty.</exception>
    /// <exception cref="IOException">The file could not be read.</exception>
    public Image Open(string path)
    {
        (byte[] buffer, int length) = Read(path);
        try
        {
            return Decode(buffer.AsSpan(0, length), path);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Reads and decodes a file into memory that is used again, a JPEG at the scale that <paramref name="scale"/> asks for.</summary>
    /// <exception cref="ImageFormatException">The content is of no known format, or broken, or the file is empty.</exception>
    /// <exception cref="IOException">The file could not be read.</exception>
    public void Open(string path, ImageBuffer target, DecodeScale? scale = null)
    {
        (byte[] buffer, int length) = Read(path);
        try
        {
            ReadOnlySpan<byte> bytes = buffer.AsSpan(0, length);
            DecoderOf(bytes, path).Decode(bytes, path, target, scale);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Decodes a file's content; <paramref name="name"/> is for messages.</summary>
    /// <exception cref="ImageFormatException">The content is of no known format, or broken.</exception>
    public Image Decode(ReadOnlySpan<byte> bytes, string name) => DecoderOf(bytes, name).Decode(bytes, name);

    private IImageDecoder DecoderOf(ReadOnlySpan<byte> bytes, string name)
    {
        if (bytes.IsEmpty) throw new ImageFormatException(name, "the file is empty");
        ReadOnlySpan<byte> header = bytes[..Math.Min(bytes.Length, IImageDecoder.HeaderBytes)];
        foreach (IImageDecoder decoder in decoders)
            if (decoder.Recognises(header)) return decoder;
        throw new ImageFormatException(name, $"its content is of no known format (it starts with {Convert.ToHexString(header[..Math.Min(header.Length, 4)])}); JPEG, PNG, PPM and PGM are read");
    }

    // Rented memory and how much of it the file fills.
    private static (byte[] Buffer, int Length) Read(string path)
    {
        using SafeFileHandle file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read, FileOptions.SequentialScan);
        long size = SizeOf(file, path);
        if (size > MostBytes) throw new ImageFormatException(path, $"the file has {size} bytes; at most {MostBytes} are read");
        byte[] buffer = ArrayPool<byte>.Shared.Rent((int)size);
        int length = 0;
        while (length < size && RandomAccess.Read(file, buffer.AsSpan(length, (int)size - length), length) is > 0 and int read) length += read;
        return (buffer, length);
    }

    private static long SizeOf(SafeFileHandle file, string path)
    {
        try
        {
            return RandomAccess.GetLength(file);
        }
        catch (NotSupportedException error)
        {
            throw new ImageFormatException(path, "it is a device or a pipe", error);
        }
    }
}

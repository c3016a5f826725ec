using System.Buffers;

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
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, FileOptions.SequentialScan);
        if (!stream.CanSeek) throw new ImageFormatException(path, "it is a device or a pipe");
        if (stream.Length > MostBytes) throw new ImageFormatException(path, $"the file has {stream.Length} bytes; at most {MostBytes} are read");
        byte[] buffer = ArrayPool<byte>.Shared.Rent((int)stream.Length);
        try
        {
            int length = stream.ReadAtLeast(buffer.AsSpan(0, (int)stream.Length), (int)stream.Length, throwOnEndOfStream: false);
            return Decode(buffer.AsSpan(0, length), path);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Decodes a file's content; <paramref name="name"/> is for messages.</summary>
    /// <exception cref="ImageFormatException">The content is of no known format, or broken.</exception>
    public Image Decode(ReadOnlySpan<byte> bytes, string name)
    {
        if (bytes.IsEmpty) throw new ImageFormatException(name, "the file is empty");
        ReadOnlySpan<byte> header = bytes[..Math.Min(bytes.Length, IImageDecoder.HeaderBytes)];
        foreach (IImageDecoder decoder in decoders)
            if (decoder.Recognises(header)) return decoder.Decode(bytes, name);
        throw new ImageFormatException(name, $"its content is of no known format (it starts with {Convert.ToHexString(header[..Math.Min(header.Length, 4)])}); JPEG, PNG, PPM and PGM are read");
    }
}

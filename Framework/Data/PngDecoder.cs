using System.Buffers;
using System.Buffers.Binary;
using System.IO.Compression;

namespace EvenNet.Framework;

/// <summary>
/// Reads PNG of every colour type and bit depth, interlaced or not, as OpenCV's IMREAD_COLOR does: alpha and transparency are dropped and not blended,
/// 16 bits are reduced to the high byte, palettes are looked up, grey becomes three equal channels, a picture with an orientation (eXIf) is turned upright, gamma and colour profiles are passed over.
/// A file that is not whole (a wrong checksum, missing or left-over data) is an error and never half a picture.
/// </summary>
public sealed class PngDecoder : IImageDecoder
{
    // Deflate cannot shrink further than this (a run of 258 bytes in 2 bits), so a file too small for the size that it claims is known at once.
    private const int MostExpansion = 1032;

    private static ReadOnlySpan<byte> Signature => [0x89, (byte)'P', (byte)'N', (byte)'G', 13, 10, 26, 10];

    /// <inheritdoc/>
    public bool Recognises(ReadOnlySpan<byte> header) => header.StartsWith(Signature);

    /// <inheritdoc/>
    public Image Decode(ReadOnlySpan<byte> bytes, string name)
    {
        if (!Recognises(bytes)) throw new ImageFormatException(name, "no PNG");
        byte[] compressed = ArrayPool<byte>.Shared.Rent(bytes.Length);
        try
        {
            PngHeader header = ReadChunks(bytes[Signature.Length..], name, compressed, out int length, out ReadOnlySpan<byte> palette, out int orientation);
            long rawBytes = 0;
            foreach (PngPass pass in header.Passes) rawBytes += pass.Height * (1L + header.RowBytes(pass.Width));
            if (rawBytes / MostExpansion > length) throw Broken(name, $"{length} bytes of data cannot hold {header.Width}×{header.Height} pixels; it is cut off");
            var image = new Image(header.Width, header.Height);
            using var pixels = new ZLibStream(new MemoryStream(compressed, 0, length), CompressionMode.Decompress);
            ReadPasses(header, pixels, palette, image, name);
            return ExifOrientation.Apply(image, orientation);
        }
        catch (InvalidDataException error)
        {
            throw new ImageFormatException(name, "a broken PNG: its compressed data are damaged", error);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(compressed);
        }
    }

    // Walks the chunks to IEND, each with its checksum, and joins the data of the IDAT chunks.
    private static PngHeader ReadChunks(ReadOnlySpan<byte> rest, string name, byte[] compressed, out int length, out ReadOnlySpan<byte> palette, out int orientation)
    {
        PngHeader? header = null;
        palette = default;
        length = 0;
        orientation = 1;
        bool isDataOver = false;
        while (true)
        {
            ReadOnlySpan<byte> data = ReadChunk(ref rest, name, out uint type);
            if (type == Type("IHDR"))
            {
                if (header is not null) throw Broken(name, "it has two headers (IHDR)");
                header = PngHeader.Parse(data, name);
            }
            else if (header is null)
            {
                throw Broken(name, "it does not start with its header (IHDR)");
            }
            else if (type == Type("PLTE"))
            {
                if (data.Length % 3 != 0 || data.Length is 0 or > 768 || !palette.IsEmpty || length > 0) throw Broken(name, $"its palette (PLTE) of {data.Length} bytes is wrong or in the wrong place");
                palette = data;
            }
            else if (type == Type("IDAT"))
            {
                if (isDataOver) throw Broken(name, "its data (IDAT) are not in one piece");
                data.CopyTo(compressed.AsSpan(length));
                length += data.Length;
            }
            else if (type == Type("eXIf"))
            {
                orientation = ExifOrientation.OfExif(data);
            }
            else if (type == Type("IEND"))
            {
                if (!rest.IsEmpty) throw Broken(name, $"{rest.Length} bytes follow its end (IEND)");
                if (length == 0) throw Broken(name, "it has no data (IDAT)");
                if (header.Value.Colour == PngColour.Palette && palette.IsEmpty) throw Broken(name, "it has no palette (PLTE)");
                return header.Value;
            }
            else if ((type & 0x20000000) == 0)
            {
                throw new ImageFormatException(name, $"its chunk {Text(type)} is needed to decode it, and not known");
            }
            isDataOver = type != Type("IDAT") && length > 0;
        }
    }

    private static ReadOnlySpan<byte> ReadChunk(scoped ref ReadOnlySpan<byte> rest, string name, out uint type)
    {
        const int around = 12;   // length, type and checksum
        if (rest.Length < around) throw Broken(name, "it is cut off: its end (IEND) is missing");
        uint length = BinaryPrimitives.ReadUInt32BigEndian(rest);
        type = BinaryPrimitives.ReadUInt32BigEndian(rest[4..]);
        if (length > rest.Length - around) throw Broken(name, $"it is cut off: chunk {Text(type)} of {length} bytes has only {rest.Length - around} left");
        int end = 8 + (int)length;
        if (Crc32.Of(rest[4..end]) != BinaryPrimitives.ReadUInt32BigEndian(rest[end..])) throw Broken(name, $"the checksum of chunk {Text(type)} is wrong");
        ReadOnlySpan<byte> data = rest[8..end];
        rest = rest[(end + 4)..];
        return data;
    }

    private static void ReadPasses(PngHeader header, ZLibStream pixels, ReadOnlySpan<byte> palette, Image image, string name)
    {
        int pixelBytes = Math.Max(1, header.PixelBits / 8), longest = 1 + header.RowBytes(header.Width), highest = 0;
        byte[] row = new byte[longest], above = new byte[longest];
        foreach (PngPass pass in header.Passes)
        {
            int bytes = 1 + header.RowBytes(pass.Width);
            Array.Clear(above);
            for (int y = 0; y < pass.Height; y++)
            {
                if (pixels.ReadAtLeast(row.AsSpan(0, bytes), bytes, throwOnEndOfStream: false) < bytes) throw Broken(name, "its data end early");
                if (!PngRows.Unfilter(row[0], row.AsSpan(1, bytes - 1), above.AsSpan(1, bytes - 1), pixelBytes)) throw Broken(name, $"a row has filter {row[0]}, known are 0 to 4");
                Span<byte> target = image.Row(pass.Top + y * pass.StepY)[(3 * pass.Left)..];
                highest = Math.Max(highest, PngRows.Unpack(header, row.AsSpan(1, bytes - 1), pass.Width, palette, target, pass.StepX));
                (row, above) = (above, row);
            }
        }
        if (header.Colour == PngColour.Palette && 3 * highest >= palette.Length) throw Broken(name, $"a pixel has colour {highest}, but the palette has {palette.Length / 3} colours");
        if (pixels.ReadByte() >= 0) throw Broken(name, $"it has more data than {header.Width}×{header.Height} pixels need");
    }

    private static ImageFormatException Broken(string name, string reason) => new(name, $"a broken PNG: {reason}");

    private static uint Type(string text) => (uint)(text[0] << 24 | text[1] << 16 | text[2] << 8 | text[3]);

    private static string Text(uint type)
    {
        Span<char> text = stackalloc char[4];
        for (int i = 0; i < 4; i++) text[i] = (byte)(type >> 24 - 8 * i) is >= (byte)' ' and < 127 and byte letter ? (char)letter : '?';
        return new string(text);
    }
}

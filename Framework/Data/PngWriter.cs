using System.Buffers.Binary;
using System.IO.Compression;

namespace EvenNet.Framework;

/// <summary>Writes PNG of 8 bits, colour or grey, not interlaced. Equal pixels give equal bytes on one version of .NET.</summary>
public static class PngWriter
{
    /// <summary>Writes a picture to a file through <see cref="AtomicFile"/>.</summary>
    /// <exception cref="IOException">The file could not be written; an earlier one is unchanged.</exception>
    public static void Write(string path, Image image)
    {
        byte[] bytes = Encode(image);
        AtomicFile.Write(path, stream => stream.Write(bytes), bytes.Length);
    }

    /// <summary>Writes a grey picture, height × width bytes, to a file through <see cref="AtomicFile"/>.</summary>
    /// <exception cref="IOException">The file could not be written; an earlier one is unchanged.</exception>
    public static void WriteGrey(string path, int width, int height, ReadOnlySpan<byte> pixels)
    {
        byte[] bytes = EncodeGrey(width, height, pixels);
        AtomicFile.Write(path, stream => stream.Write(bytes), bytes.Length);
    }

    /// <summary>A colour PNG file in memory.</summary>
    public static byte[] Encode(Image image)
    {
        byte[] rgb = new byte[image.Pixels.Length];
        for (int i = 0; i < rgb.Length; i += 3) (rgb[i], rgb[i + 1], rgb[i + 2]) = (image.Pixels[i + 2], image.Pixels[i + 1], image.Pixels[i]);
        return Encode(image.Width, image.Height, PngColour.Rgb, pixelBytes: 3, rgb);
    }

    /// <summary>A grey PNG file in memory; pixels: height × width bytes.</summary>
    public static byte[] EncodeGrey(int width, int height, ReadOnlySpan<byte> pixels)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(height);
        if (pixels.Length != (long)width * height) throw new ArgumentException($"{width}×{height} pixels are {(long)width * height} bytes, got {pixels.Length}", nameof(pixels));
        return Encode(width, height, PngColour.Grey, pixelBytes: 1, pixels);
    }

    private static byte[] Encode(int width, int height, PngColour colour, int pixelBytes, ReadOnlySpan<byte> pixels)
    {
        using var file = new MemoryStream();
        file.Write([0x89, (byte)'P', (byte)'N', (byte)'G', 13, 10, 26, 10]);

        byte[] header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), height);
        (header[8], header[9]) = (8, (byte)colour);
        WriteChunk(file, "IHDR"u8, header);

        using var data = new MemoryStream();
        using (var deflate = new ZLibStream(data, CompressionLevel.Optimal, leaveOpen: true)) WriteRows(deflate, width * pixelBytes, pixelBytes, pixels);
        WriteChunk(file, "IDAT"u8, data.GetBuffer().AsSpan(0, (int)data.Length));
        WriteChunk(file, "IEND"u8, []);
        return file.ToArray();
    }

    // Each row takes the filter with the smallest sum of absolute differences (PNG specification, section 12.8).
    private static void WriteRows(ZLibStream deflate, int rowBytes, int pixelBytes, ReadOnlySpan<byte> pixels)
    {
        byte[] best = new byte[1 + rowBytes], trial = new byte[1 + rowBytes];
        ReadOnlySpan<byte> above = new byte[rowBytes];
        for (int start = 0; start < pixels.Length; start += rowBytes)
        {
            ReadOnlySpan<byte> row = pixels.Slice(start, rowBytes);
            long least = long.MaxValue;
            for (byte type = 0; type <= 4; type++)
            {
                trial[0] = type;
                long sum = Filter(type, row, above, pixelBytes, trial.AsSpan(1));
                if (sum >= least) continue;
                least = sum;
                (best, trial) = (trial, best);
            }
            deflate.Write(best);
            above = row;
        }
    }

    private static long Filter(int type, ReadOnlySpan<byte> row, ReadOnlySpan<byte> above, int pixelBytes, Span<byte> result)
    {
        long sum = 0;
        for (int i = 0; i < row.Length; i++)
        {
            int left = i < pixelBytes ? 0 : row[i - pixelBytes], aboveLeft = i < pixelBytes ? 0 : above[i - pixelBytes];
            int expected = type switch { 0 => 0, 1 => left, 2 => above[i], 3 => (left + above[i]) >> 1, _ => PngRows.Paeth(left, above[i], aboveLeft) };
            result[i] = (byte)(row[i] - expected);
            sum += Math.Abs((int)(sbyte)result[i]);
        }
        return sum;
    }

    private static void WriteChunk(MemoryStream file, ReadOnlySpan<byte> type, ReadOnlySpan<byte> data)
    {
        Span<byte> number = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(number, data.Length);
        file.Write(number);
        file.Write(type);
        file.Write(data);
        BinaryPrimitives.WriteUInt32BigEndian(number, Crc32.Of(data, Crc32.Of(type)));
        file.Write(number);
    }
}

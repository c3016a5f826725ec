using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace EvenNet.Tests;

/// <summary>Makes PNG files of every kind, right and wrong, written from the specification and apart from the code under test.</summary>
internal sealed class PngBuilder
{
    public const int Grey = 0, Rgb = 2, Palette = 3, GreyAlpha = 4, RgbAlpha = 6;

    public required int Width { get; init; }

    public required int Height { get; init; }

    public int Depth { get; init; } = 8;

    public int Colour { get; init; } = Rgb;

    public bool Interlace { get; init; }

    /// <summary>RGB triples of a palette.</summary>
    public byte[] Colours { get; init; } = [];

    /// <summary>Height × width × samples.</summary>
    public required int[] Samples { get; init; }

    public int SampleCount => Colour switch { Rgb => 3, GreyAlpha => 2, RgbAlpha => 4, _ => 1 };

    public static byte[] Signature => [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A];

    /// <summary>The file, with each row's filter drawn at random.</summary>
    public byte[] Encode(Random random) =>
        [.. Signature, .. Header(), .. (Colours.Length > 0 ? Chunk("PLTE", Colours) : []), .. Chunk("tEXt", "a\0b"u8.ToArray()), .. Data(random), .. Chunk("IEND", [])];

    public byte[] Header()
    {
        byte[] header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, Width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), Height);
        (header[8], header[9], header[12]) = ((byte)Depth, (byte)Colour, (byte)(Interlace ? 1 : 0));
        return Chunk("IHDR", header);
    }

    /// <summary>The compressed rows, in two IDAT chunks.</summary>
    public byte[] Data(Random random)
    {
        byte[] data = Deflate(Rows(random));
        return [.. Chunk("IDAT", data[..(data.Length / 3)]), .. Chunk("IDAT", data[(data.Length / 3)..])];
    }

    public byte[] Rows(Random random)
    {
        List<byte> rows = [];
        foreach ((int left, int top, int dx, int dy) in Interlace ? [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)] : new[] { (0, 0, 1, 1) })
        {
            byte[]? above = null;
            for (int y = top; y < Height && left < Width; y += dy)
            {
                byte[] row = Pack(y, left, dx);
                int type = random.Next(5);
                rows.Add((byte)type);
                rows.AddRange(Filter(type, row, above ?? new byte[row.Length]));
                above = row;
            }
        }
        return [.. rows];
    }

    public static byte[] Chunk(string type, byte[] data)
    {
        byte[] body = [.. Encoding.ASCII.GetBytes(type), .. data], chunk = new byte[8 + body.Length];
        BinaryPrimitives.WriteInt32BigEndian(chunk, data.Length);
        body.CopyTo(chunk, 4);
        BinaryPrimitives.WriteUInt32BigEndian(chunk.AsSpan(4 + body.Length), Check(body));
        return chunk;
    }

    public static byte[] Deflate(byte[] bytes)
    {
        using var packed = new MemoryStream();
        using (var deflate = new ZLibStream(packed, CompressionLevel.Fastest)) deflate.Write(bytes);
        return packed.ToArray();
    }

    // The bits of a row, most significant first.
    private byte[] Pack(int y, int left, int dx)
    {
        List<bool> bits = [];
        for (int x = left; x < Width; x += dx)
            for (int s = 0; s < SampleCount; s++)
                for (int bit = Depth - 1; bit >= 0; bit--)
                    bits.Add((Samples[(y * Width + x) * SampleCount + s] >> bit & 1) == 1);
        byte[] row = new byte[(bits.Count + 7) / 8];
        for (int i = 0; i < bits.Count; i++) row[i / 8] |= (byte)(bits[i] ? 0x80 >> i % 8 : 0);
        return row;
    }

    private byte[] Filter(int type, byte[] row, byte[] above)
    {
        int back = Math.Max(1, SampleCount * Depth / 8);
        return [.. row.Select((value, i) =>
        {
            int a = i >= back ? row[i - back] : 0, b = above[i], c = i >= back ? above[i - back] : 0, p = a + b - c;
            int nearest = new[] { a, b, c }.MinBy(candidate => Math.Abs(p - candidate));
            return (byte)(value - type switch { 1 => a, 2 => b, 3 => (a + b) / 2, 4 => nearest, _ => 0 });
        })];
    }

    // Bit by bit, from the definition.
    private static uint Check(byte[] bytes)
    {
        uint crc = uint.MaxValue;
        foreach (byte value in bytes)
        {
            crc ^= value;
            for (int bit = 0; bit < 8; bit++) crc = (crc & 1) == 1 ? crc >> 1 ^ 0xEDB88320 : crc >> 1;
        }
        return ~crc;
    }
}

using System.Buffers.Binary;

namespace EvenNet.Framework;

/// <summary>Writes baseline JPEG (ITU-T T.81) of three components, colours at half the size in both directions. Equal pixels give equal bytes.</summary>
public static class JpegWriter
{
    private const int BlockSide = 8, BlockSize = 64, MacroSide = 16;

    // Zigzag position → row-major position (T.81, figure 5).
    private static readonly byte[] Zigzag =
    [
        0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21, 28,
        35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
    ];

    // Tables K.1 and K.2, row-major.
    private static readonly byte[] Luminance =
    [
        16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22, 29, 51, 87, 80, 62,
        18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92, 49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99,
    ];

    private static readonly byte[] Chrominance =
    [
        17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99, 24, 26, 56, 99, 99, 99, 99, 99, 47, 66, 99, 99, 99, 99, 99, 99,
        99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
    ];

    // cos((2x + 1) u π / 16) · C(u) / 2, frequency × position.
    private static readonly float[] Cosines = MakeCosines();

    /// <summary>Writes a picture to a file through <see cref="AtomicFile"/>.</summary>
    /// <exception cref="IOException">The file could not be written; an earlier one is unchanged.</exception>
    public static void Write(string path, Image image, int quality = 85)
    {
        byte[] bytes = Encode(image, quality);
        AtomicFile.Write(path, stream => stream.Write(bytes), bytes.Length);
    }

    /// <summary>A JPEG file in memory.</summary>
    /// <param name="image">At most 65,535 pixels a side.</param>
    /// <param name="quality">1 … 100; scales the standard's tables as the Independent JPEG Group's library does.</param>
    /// <exception cref="ArgumentException">The quality is out of its range or the picture too large.</exception>
    public static byte[] Encode(Image image, int quality = 85)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(quality, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(quality, 100);
        if (Math.Max(image.Width, image.Height) > ushort.MaxValue) throw new ArgumentException($"a JPEG has at most {ushort.MaxValue} pixels a side, this picture is {image}", nameof(image));
        byte[] luminance = Scaled(Luminance, quality), chrominance = Scaled(Chrominance, quality);
        using var file = new MemoryStream();
        file.Write([0xff, 0xd8]);
        Segment(file, 0xe0, [(byte)'J', (byte)'F', (byte)'I', (byte)'F', 0, 1, 1, 0, 0, 1, 0, 1, 0, 0]);
        Segment(file, 0xdb, [0, .. Zigzag.Select(i => luminance[i]), 1, .. Zigzag.Select(i => chrominance[i])]);
        // Three components; the first has twice the samples of the others in both directions.
        Segment(file, 0xc0, [8, (byte)(image.Height >> 8), (byte)image.Height, (byte)(image.Width >> 8), (byte)image.Width, 3, 1, 0x22, 0, 2, 0x11, 1, 3, 0x11, 1]);
        foreach (JpegHuffman table in JpegHuffman.All) Segment(file, 0xc4, [table.Class, .. table.Counts, .. table.Symbols]);
        Segment(file, 0xda, [3, 1, 0x00, 2, 0x11, 3, 0x11, 0, 63, 0]);
        new Scan(file, image, luminance, chrominance).Write();
        file.Write([0xff, 0xd9]);
        return file.ToArray();
    }

    private static void Segment(MemoryStream file, byte marker, ReadOnlySpan<byte> content)
    {
        Span<byte> head = [0xff, marker, 0, 0];
        BinaryPrimitives.WriteUInt16BigEndian(head[2..], (ushort)(content.Length + 2));
        file.Write(head);
        file.Write(content);
    }

    private static byte[] Scaled(byte[] table, int quality)
    {
        int percent = quality < 50 ? 5000 / quality : 200 - 2 * quality;
        return [.. table.Select(q => (byte)Math.Clamp((q * percent + 50) / 100, 1, 255))];
    }

    private static float[] MakeCosines()
    {
        float[] cosines = new float[BlockSize];
        for (int u = 0; u < BlockSide; u++)
            for (int x = 0; x < BlockSide; x++)
                cosines[u * BlockSide + x] = (float)(Math.Cos((2 * x + 1) * u * Math.PI / 16) * (u == 0 ? Math.Sqrt(0.5) : 1) / 2);
        return cosines;
    }

    /// <summary>The entropy-coded part: a macroblock of 16×16 pixels is four blocks of brightness and one of each colour difference.</summary>
    private sealed class Scan(MemoryStream file, Image image, byte[] luminance, byte[] chrominance)
    {
        private readonly float[] y = new float[MacroSide * MacroSide], blue = new float[BlockSize], red = new float[BlockSize], block = new float[BlockSize], half = new float[BlockSize];
        private readonly int[] levels = new int[BlockSize], last = new int[3];
        private uint bits;
        private int bitCount;

        public void Write()
        {
            for (int top = 0; top < image.Height; top += MacroSide)
                for (int left = 0; left < image.Width; left += MacroSide)
                {
                    Load(left, top);
                    for (int i = 0; i < 4; i++)
                    {
                        for (int r = 0; r < BlockSide; r++) y.AsSpan((i / 2 * BlockSide + r) * MacroSide + i % 2 * BlockSide, BlockSide).CopyTo(block.AsSpan(r * BlockSide));
                        Code(block, luminance, component: 0);
                    }
                    Code(blue, chrominance, component: 1);
                    Code(red, chrominance, component: 2);
                }
            // What is left of the last byte is ones (T.81, F.1.2.3).
            if (bitCount > 0) Put((1u << (8 - bitCount)) - 1, 8 - bitCount);
        }

        // Beyond the picture's edges its last column and row go on.
        private void Load(int left, int top)
        {
            blue.AsSpan().Clear();
            red.AsSpan().Clear();
            for (int r = 0; r < MacroSide; r++)
            {
                Span<byte> row = image.Row(Math.Min(top + r, image.Height - 1));
                for (int c = 0; c < MacroSide; c++)
                {
                    int at = 3 * Math.Min(left + c, image.Width - 1);
                    float b = row[at], g = row[at + 1], rd = row[at + 2];
                    y[r * MacroSide + c] = 0.299f * rd + 0.587f * g + 0.114f * b - 128;
                    int to = r / 2 * BlockSide + c / 2;
                    blue[to] += (-0.168736f * rd - 0.331264f * g + 0.5f * b) / 4;
                    red[to] += (0.5f * rd - 0.418688f * g - 0.081312f * b) / 4;
                }
            }
        }

        private void Code(float[] samples, byte[] table, int component)
        {
            Transform(samples);
            for (int i = 0; i < BlockSize; i++) levels[i] = (int)MathF.Round(half[Zigzag[i]] / table[Zigzag[i]]);
            JpegHuffman first = JpegHuffman.All[component == 0 ? 0 : 2], rest = JpegHuffman.All[component == 0 ? 1 : 3];
            int difference = levels[0] - last[component];
            last[component] = levels[0];
            PutLevel(first, 0, difference);
            int zeros = 0;
            for (int i = 1; i < BlockSize; i++)
            {
                if (levels[i] == 0)
                {
                    zeros++;
                    continue;
                }
                for (; zeros > 15; zeros -= 16) Put(rest, 0xf0);
                PutLevel(rest, zeros, levels[i]);
                zeros = 0;
            }
            if (zeros > 0) Put(rest, 0);
        }

        // Rows, then columns; the result is in «half».
        private void Transform(float[] samples)
        {
            Span<float> rows = stackalloc float[BlockSize];
            for (int r = 0; r < BlockSide; r++)
                for (int u = 0; u < BlockSide; u++)
                {
                    float sum = 0;
                    for (int x = 0; x < BlockSide; x++) sum += samples[r * BlockSide + x] * Cosines[u * BlockSide + x];
                    rows[r * BlockSide + u] = sum;
                }
            for (int v = 0; v < BlockSide; v++)
                for (int u = 0; u < BlockSide; u++)
                {
                    float sum = 0;
                    for (int r = 0; r < BlockSide; r++) sum += rows[r * BlockSide + u] * Cosines[v * BlockSide + r];
                    half[v * BlockSide + u] = sum;
                }
        }

        // The zeros before a level and the number of its bits, then these bits; of a negative level less one (T.81, F.1.2).
        private void PutLevel(JpegHuffman table, int zeros, int level)
        {
            int size = 32 - System.Numerics.BitOperations.LeadingZeroCount((uint)Math.Abs(level));
            Put(table, (byte)(zeros << 4 | size));
            if (size > 0) Put((uint)(level < 0 ? level - 1 : level) & ((1u << size) - 1), size);
        }

        private void Put(JpegHuffman table, byte symbol) => Put(table.Codes[symbol], table.Lengths[symbol]);

        // After a byte of ones comes one of zeros, or it would be a marker.
        private void Put(uint value, int count)
        {
            for (int i = count - 1; i >= 0; i--)
            {
                bits = bits << 1 | (value >> i & 1);
                if (++bitCount < 8) continue;
                file.WriteByte((byte)bits);
                if ((byte)bits == 0xff) file.WriteByte(0);
                (bits, bitCount) = (0, 0);
            }
        }
    }
}

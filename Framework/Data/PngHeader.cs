using System.Buffers.Binary;

namespace EvenNet.Framework;

/// <summary>A PNG's IHDR chunk (PNG specification, section 11.2.2), checked.</summary>
internal readonly record struct PngHeader(int Width, int Height, int BitDepth, PngColour Colour, bool IsInterlaced)
{
    /// <summary>Samples of a pixel: one for grey and palette.</summary>
    public int Samples => Colour switch { PngColour.Rgb => 3, PngColour.GreyAlpha => 2, PngColour.RgbAlpha => 4, _ => 1 };

    public int PixelBits => Samples * BitDepth;

    /// <summary>Bytes of a row of <paramref name="width"/> pixels, without the filter byte; at most 8 MB.</summary>
    public int RowBytes(int width) => (int)(((long)width * PixelBits + 7) / 8);

    /// <summary>The passes over the picture: one, or the seven of Adam7 less those that are empty.</summary>
    public PngPass[] Passes
    {
        get
        {
            if (!IsInterlaced) return [new PngPass(0, 0, 1, 1, Width, Height)];
            PngHeader header = this;
            PngPass[] all = [header.Pass(0, 0, 8, 8), header.Pass(4, 0, 8, 8), header.Pass(0, 4, 4, 8), header.Pass(2, 0, 4, 4), header.Pass(0, 2, 2, 4), header.Pass(1, 0, 2, 2), header.Pass(0, 1, 1, 2)];
            return [.. all.Where(pass => pass.Width > 0 && pass.Height > 0)];
        }
    }

    public static PngHeader Parse(ReadOnlySpan<byte> chunk, string file)
    {
        if (chunk.Length != 13) throw new ImageFormatException(file, $"a broken PNG: the header (IHDR) has {chunk.Length} bytes, not 13");
        uint width = BinaryPrimitives.ReadUInt32BigEndian(chunk), height = BinaryPrimitives.ReadUInt32BigEndian(chunk[4..]);
        Image.CheckSize(file, "PNG", width, height);
        (byte depth, byte colour, byte compression, byte filter, byte interlace) = (chunk[8], chunk[9], chunk[10], chunk[11], chunk[12]);
        bool isKnown = (PngColour)colour switch
        {
            PngColour.Grey => depth is 1 or 2 or 4 or 8 or 16,
            PngColour.Palette => depth is 1 or 2 or 4 or 8,
            PngColour.Rgb or PngColour.GreyAlpha or PngColour.RgbAlpha => depth is 8 or 16,
            _ => false,
        };
        if (!isKnown) throw new ImageFormatException(file, $"a broken PNG: there is no colour type {colour} with {depth} bits");
        if (compression != 0 || filter != 0 || interlace > 1)
            throw new ImageFormatException(file, $"a broken PNG: compression {compression}, filter {filter} and interlace {interlace}, known are 0, 0 and 0 or 1");
        return new PngHeader((int)width, (int)height, depth, (PngColour)colour, interlace == 1);
    }

    private PngPass Pass(int left, int top, int stepX, int stepY) =>
        new(left, top, stepX, stepY, (Width - left + stepX - 1) / stepX, (Height - top + stepY - 1) / stepY);
}

/// <summary>What the samples of a PNG's pixel are; the values are the file's.</summary>
internal enum PngColour
{
    Grey = 0,
    Rgb = 2,
    Palette = 3,
    GreyAlpha = 4,
    RgbAlpha = 6,
}

/// <summary>One pass over a PNG: width × height pixels, the first at (Left, Top), the others by steps.</summary>
internal readonly record struct PngPass(int Left, int Top, int StepX, int StepY, int Width, int Height);

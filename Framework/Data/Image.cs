namespace EvenNet.Framework;

/// <summary>A picture in memory: 8 bits a channel, rows from the top, each pixel as blue, green, red (OpenCV's order, and Caffe's).</summary>
public sealed class Image
{
    /// <summary>The largest picture that is decoded, in pixels; 402 MB of memory.</summary>
    public const int MostPixels = 1 << 27;

    /// <summary>The longest side that is decoded, in pixels.</summary>
    public const int LongestSide = 1 << 20;

    /// <summary>A picture over existing pixels: height × width × 3 bytes.</summary>
    /// <exception cref="ArgumentException">A side is not positive, or the number of bytes is another.</exception>
    public Image(int width, int height, byte[] pixels)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(height);
        if (pixels.Length != 3L * width * height) throw new ArgumentException($"{width}×{height} pixels are {3L * width * height} bytes, got {pixels.Length}", nameof(pixels));
        Width = width;
        Height = height;
        Pixels = pixels;
    }

    /// <summary>A black picture.</summary>
    public Image(int width, int height) : this(width, height, new byte[checked(3 * width * height)]) { }

    /// <summary>Pixels of a row.</summary>
    public int Width { get; }

    /// <summary>Rows.</summary>
    public int Height { get; }

    /// <summary>Height × width × (blue, green, red).</summary>
    public byte[] Pixels { get; }

    /// <summary>The bytes of row <paramref name="y"/>: width × 3.</summary>
    public Span<byte> Row(int y) => Pixels.AsSpan(3 * Width * y, 3 * Width);

    /// <summary>The picture in grey, height × width: 0.299 red + 0.587 green + 0.114 blue in units of 1/32768, cut and not rounded, as libpng and so OpenCV make it.</summary>
    public byte[] ToGrey()
    {
        byte[] grey = new byte[Width * Height];
        ToGrey(Pixels, grey);
        return grey;
    }

    /// <summary>Makes grey levels of pixels; the two may share their memory's beginning.</summary>
    internal static void ToGrey(ReadOnlySpan<byte> pixels, Span<byte> grey)
    {
        const int red = 9797, green = 19234, blue = 32768 - red - green;
        for (int i = 0, from = 0; i < grey.Length; i++, from += 3)
            grey[i] = (byte)((blue * pixels[from] + green * pixels[from + 1] + red * pixels[from + 2]) >> 15);
    }

    /// <summary>«500×375».</summary>
    public override string ToString() => $"{Width}×{Height}";

    /// <summary>For decoders: what a file claims is believed only within bounds, and before any memory is taken for it.</summary>
    /// <exception cref="ImageFormatException">A side is not positive, or the picture is too large.</exception>
    public static void CheckSize(string file, string format, long width, long height)
    {
        if (width <= 0 || height <= 0) throw new ImageFormatException(file, $"a broken {format}: it says it is {width}×{height} pixels");
        if (width > LongestSide || height > LongestSide || width * height > MostPixels)
            throw new ImageFormatException(file, $"it says it is {width}×{height} pixels; at most {LongestSide} a side and {MostPixels} together are read");
    }
}

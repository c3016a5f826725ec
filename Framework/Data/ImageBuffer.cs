namespace EvenNet.Framework;

/// <summary>A decoded picture in memory that is used again for the next one: 8 bits a channel, rows from the top, each pixel as blue, green, red, or as grey.</summary>
public sealed class ImageBuffer
{
    private byte[] memory = [];

    /// <summary>Pixels of a row.</summary>
    public int Width { get; private set; }

    /// <summary>Rows.</summary>
    public int Height { get; private set; }

    /// <summary>Bytes of a pixel: 3, or 1 for grey.</summary>
    public int Channels { get; private set; } = 3;

    /// <summary>Width of the picture that this was decoded from; larger than <see cref="Width"/> where it was decoded at a smaller scale.</summary>
    public int FullWidth { get; private set; }

    /// <summary>Height of the picture that this was decoded from.</summary>
    public int FullHeight { get; private set; }

    /// <summary>Height × width × channels.</summary>
    public Span<byte> Pixels => memory.AsSpan(0, Width * Height * Channels);

    /// <summary>Makes room for a picture and returns it, holding anything. The full size is the size unless given.</summary>
    public Span<byte> Begin(int width, int height, int channels = 3, int fullWidth = 0, int fullHeight = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(height);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(channels);
        int length = checked(width * height * channels);
        if (memory.Length < length) memory = new byte[Math.Max(length, memory.Length + memory.Length / 2)];
        (Width, Height, Channels) = (width, height, channels);
        (FullWidth, FullHeight) = fullWidth > 0 ? (fullWidth, fullHeight) : (width, height);
        return Pixels;
    }

    /// <summary>Takes over a picture's memory: the picture must not be used any more.</summary>
    public void Take(Image image, int fullWidth = 0, int fullHeight = 0)
    {
        memory = image.Pixels;
        Begin(image.Width, image.Height, 3, fullWidth, fullHeight);
    }

    /// <summary>Turns three channels into one, in place.</summary>
    internal void ToGrey()
    {
        if (Channels == 1) return;
        Image.ToGrey(Pixels, memory.AsSpan(0, Width * Height));
        Channels = 1;
    }

    /// <summary>«500×375».</summary>
    public override string ToString() => $"{Width}×{Height}";
}

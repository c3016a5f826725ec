namespace EvenNet.Framework;

/// <summary>Order of a value's elements in memory.</summary>
public enum LayoutKind
{
    /// <summary>samples × channels × height × width.</summary>
    Plain,

    /// <summary>samples × blocks of channels × height × width × 16 channels; the last block is filled up with zeros.</summary>
    Blocked,
}

/// <summary>
/// How a value lies in memory: the order of its elements and a border of zeros, <paramref name="Halo"/> rows and columns wide on each side
/// of every plane, so that no kernel tests for the image's edge. Logical size is always channels × height × width; only storage differs.
/// </summary>
public readonly record struct Layout(LayoutKind Kind, int Halo = 0)
{
    /// <summary>Channels that lie together in <see cref="LayoutKind.Blocked"/>.</summary>
    public const int BlockSize = 16;

    /// <summary>samples × channels × height × width without a border.</summary>
    public static Layout Plain => default;

    /// <summary>Sixteen channels innermost, with a border.</summary>
    public static Layout Blocked(int halo = 0) => new(LayoutKind.Blocked, halo);

    /// <summary>Elements of one stored sample, border and channel tail included.</summary>
    public long SampleCount(Shape shape) => StoredChannels(shape) * (long)(shape.Height + 2 * Halo) * (shape.Width + 2 * Halo);

    /// <summary>Channels rounded up to what is stored.</summary>
    public int StoredChannels(Shape shape) => Kind == LayoutKind.Blocked ? (shape.Channels + BlockSize - 1) / BlockSize * BlockSize : shape.Channels;

    /// <summary>«plain», «blocked», «blocked+2».</summary>
    public override string ToString() => $"{(Kind == LayoutKind.Blocked ? "blocked" : "plain")}{(Halo > 0 ? $"+{Halo}" : "")}";

    /// <summary>Copies one stored sample into logical order. stored: <see cref="SampleCount"/>; logical: C×H×W.</summary>
    public void Unpack<T>(Shape shape, ReadOnlySpan<T> stored, Span<T> logical) where T : unmanaged
    {
        int width = shape.Width, storedWidth = width + 2 * Halo, step = Kind == LayoutKind.Blocked ? BlockSize : 1;
        // Row by row of a block's channels, which lie together.
        for (int first = 0; first < shape.Channels; first += step)
            for (int h = 0; h < shape.Height; h++)
                for (int c = first; c < Math.Min(shape.Channels, first + step); c++)
                {
                    ReadOnlySpan<T> row = stored[RowOffset(shape, c, h, storedWidth)..];
                    Span<T> to = logical.Slice((c * shape.Height + h) * width, width);
                    if (step == 1) row[..width].CopyTo(to);
                    else for (int w = 0; w < to.Length; w++) to[w] = row[w * BlockSize];
                }
    }

    /// <summary>Copies one sample from logical order, and zeros into the border and the channel tail.</summary>
    public void Pack<T>(Shape shape, ReadOnlySpan<T> logical, Span<T> stored) where T : unmanaged
    {
        int width = shape.Width, storedWidth = width + 2 * Halo, step = Kind == LayoutKind.Blocked ? BlockSize : 1;
        if (stored.Length != logical.Length) stored.Clear();
        for (int first = 0; first < shape.Channels; first += step)
            for (int h = 0; h < shape.Height; h++)
                for (int c = first; c < Math.Min(shape.Channels, first + step); c++)
                {
                    Span<T> row = stored[RowOffset(shape, c, h, storedWidth)..];
                    ReadOnlySpan<T> from = logical.Slice((c * shape.Height + h) * width, width);
                    if (step == 1) from.CopyTo(row);
                    else for (int w = 0; w < from.Length; w++) row[w * BlockSize] = from[w];
                }
    }

    private int RowOffset(Shape shape, int channel, int row, int storedWidth)
    {
        int storedHeight = shape.Height + 2 * Halo;
        return Kind == LayoutKind.Blocked
            ? ((channel / BlockSize * storedHeight + row + Halo) * storedWidth + Halo) * BlockSize + channel % BlockSize
            : (channel * storedHeight + row + Halo) * storedWidth + Halo;
    }
}

namespace EvenNet.Framework;

/// <summary>
/// A block of a backend's memory: float32 on devices, float64 in the reference. The host reaches it by copying;
/// a copy waits for the work that writes the block.
/// </summary>
public abstract class Storage : IDisposable
{
    // Elements that Fill writes at a time.
    private const int PieceCount = 256;

    /// <summary>Elements.</summary>
    public abstract long Count { get; }

    /// <summary>Bytes.</summary>
    public abstract long Bytes { get; }

    /// <summary>Copies elements from <paramref name="offset"/> on to the host.</summary>
    public abstract void Read(long offset, Span<float> to);

    /// <inheritdoc cref="Read(long, Span{float})"/>
    public abstract void Read(long offset, Span<double> to);

    /// <summary>Copies elements from the host to <paramref name="offset"/> and on.</summary>
    public abstract void Write(long offset, ReadOnlySpan<float> from);

    /// <inheritdoc cref="Write(long, ReadOnlySpan{float})"/>
    public abstract void Write(long offset, ReadOnlySpan<double> from);

    /// <summary>Sets elements to zero.</summary>
    public abstract void Clear(long offset, long count);

    /// <summary>Sets elements to one value; takes its turn after the work that was given before.</summary>
    public virtual void Fill(long offset, long count, float value)
    {
        Span<float> piece = stackalloc float[(int)Math.Min(count, PieceCount)];
        piece.Fill(value);
        for (long done = 0; done < count; done += piece.Length) Write(offset + done, piece[..(int)Math.Min(piece.Length, count - done)]);
    }

    /// <summary>Copies elements to another block of the same backend; takes its turn after the work that was given before, and does not wait.</summary>
    public virtual void Copy(long offset, Storage to, long toOffset, long count)
    {
        double[] values = new double[count];
        Read(offset, values);
        to.Write(toOffset, values);
    }

    /// <summary>
    /// As <see cref="Write(long, ReadOnlySpan{float})"/>, for data that come batch after batch: on a device they may be on their way while the work given
    /// before still runs. They are there for the work that is given afterwards.
    /// </summary>
    public virtual void Stage(long offset, ReadOnlySpan<float> from) => Write(offset, from);

    /// <summary>Frees the block.</summary>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Frees the block.</summary>
    protected abstract void Dispose(bool disposing);
}

/// <summary>Part of a block.</summary>
public readonly record struct Region(Storage Storage, long Offset, long Count)
{
    /// <summary>Sets it to zero.</summary>
    public void Clear() => Storage.Clear(Offset, Count);

    /// <summary>A part of this part.</summary>
    public Region Slice(long offset, long count) => offset >= 0 && count >= 0 && offset + count <= Count
        ? new Region(Storage, Offset + offset, count)
        : throw new ArgumentOutOfRangeException(nameof(offset), $"{offset} + {count} lies outside a region of {Count}");
}

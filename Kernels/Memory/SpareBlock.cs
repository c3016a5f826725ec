namespace EvenNet.Kernels;

/// <summary>
/// Keeps the largest block that was given back, for the next who needs nearly as much: plans of one net follow each other, and a system takes longer to
/// hand out fresh pages than a plan to run.
/// </summary>
internal sealed class SpareBlock : IDisposable
{
    // What is not worth keeping, and how much larger than needed a block may be.
    private const long LeastBytes = 1 << 24;
    private const int MostExcess = 8;

    private readonly Lock gate = new();
    private NativeBlock? kept;
    private bool closed;

    /// <summary>A zeroed block of at least so many bytes.</summary>
    public NativeBlock Take(long bytes)
    {
        NativeBlock? block = null;
        lock (gate)
        {
            if (kept is { } spare && spare.Bytes >= bytes && spare.Bytes / MostExcess <= bytes) (block, kept) = (spare, null);
            else if (bytes >= LeastBytes)
            {
                // It does not fit, and both together may be too much.
                kept?.Dispose();
                kept = null;
            }
        }
        if (block is null) return new NativeBlock(bytes);
        block.Clear(bytes);
        return block;
    }

    /// <summary>Keeps a block or frees it.</summary>
    public void Return(NativeBlock block)
    {
        lock (gate)
        {
            if (!closed && block.Bytes >= LeastBytes && (kept is null || kept.Bytes < block.Bytes)) (block, kept) = (kept!, block);
        }
        block?.Dispose();
    }

    /// <summary>Frees what is kept; what comes back later is freed at once.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            closed = true;
            kept?.Dispose();
            kept = null;
        }
    }
}

namespace EvenNet.Kernels.Cpu;

/// <summary>Zeroed native memory for floats that a kernel owns, aligned to 64 bytes.</summary>
public sealed unsafe class CpuMemory : IDisposable
{
    private readonly NativeBlock block;

    /// <summary>Allocates <paramref name="count"/> floats. Throws <see cref="InsufficientMemoryException"/> with the size when there is no room.</summary>
    public CpuMemory(long count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        block = new NativeBlock(checked(count * sizeof(float)));
        Count = count;
    }

    /// <summary>The first float; null once disposed.</summary>
    public float* Pointer => block.IsClosed ? null : (float*)block.Pointer;

    /// <summary>Floats asked for.</summary>
    public long Count { get; }

    /// <inheritdoc/>
    public void Dispose() => block.Dispose();
}

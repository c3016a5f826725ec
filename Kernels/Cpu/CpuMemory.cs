using System.Runtime.InteropServices;

namespace EvenNet.Kernels.Cpu;

/// <summary>Zeroed native memory for floats, aligned to 64 bytes; large blocks to 2 MB, with a request for huge pages where the system takes one.</summary>
public sealed unsafe partial class CpuMemory : IDisposable
{
    private const ulong HugePageBytes = 2 << 20;
    private const int AdviseHugePages = 14;     // MADV_HUGEPAGE, <asm-generic/mman-common.h>

    /// <summary>Allocates <paramref name="count"/> floats. Throws <see cref="InsufficientMemoryException"/> with the size when there is no room.</summary>
    public CpuMemory(long count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        Count = count;
        ulong bytes = Math.Max(1, (ulong)count) * sizeof(float);
        bool large = bytes >= HugePageBytes;
        ulong alignment = large ? HugePageBytes : 64UL;
        bytes = (bytes + alignment - 1) / alignment * alignment;
        try
        {
            Pointer = (float*)NativeMemory.AlignedAlloc(checked((nuint)bytes), (nuint)alignment);
        }
        catch (OutOfMemoryException e)
        {
            throw new InsufficientMemoryException($"no memory for {count:N0} floats ({bytes >> 20:N0} MB); use a smaller batch", e);
        }
        if (large && OperatingSystem.IsLinux()) RequestHugePages((nuint)bytes);
        NativeMemory.Clear(Pointer, (nuint)bytes);
    }

    /// <summary>The first float; null once disposed.</summary>
    public float* Pointer { get; private set; }

    /// <summary>Floats asked for.</summary>
    public long Count { get; }

    /// <inheritdoc/>
    public void Dispose()
    {
        NativeMemory.AlignedFree(Pointer);
        Pointer = null;
    }

    // A hint: kernels run the same without it, so a refusal or a C library of another name is no error.
    private void RequestHugePages(nuint bytes)
    {
        try
        {
            _ = madvise(Pointer, bytes, AdviseHugePages);
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException)
        {
        }
    }

    [LibraryImport("libc")]
    private static partial int madvise(void* address, nuint length, int advice);
}

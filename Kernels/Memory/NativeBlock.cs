using System.Runtime.InteropServices;

namespace EvenNet.Kernels;

/// <summary>
/// Zeroed native memory, aligned to 64 bytes; large blocks to 2 MB, with a request for huge pages where the system takes one.
/// Pages come from the system when they are first touched.
/// </summary>
internal sealed unsafe partial class NativeBlock : SafeHandle
{
    private const ulong HugePageBytes = 2 << 20;
    private const ulong LineBytes = 64;
    private const int AdviseHugePages = 14;     // MADV_HUGEPAGE, <asm-generic/mman-common.h>

    /// <summary>Allocates. Throws <see cref="InsufficientMemoryException"/> with the size when there is no room.</summary>
    public NativeBlock(long bytes) : base(0, ownsHandle: true)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        bool large = (ulong)bytes >= HugePageBytes;
        ulong alignment = large ? HugePageBytes : LineBytes, whole = ((ulong)bytes + alignment - 1) / alignment * alignment;
        try
        {
            SetHandle((nint)NativeMemory.AllocZeroed(checked((nuint)(whole + alignment))));
        }
        catch (OutOfMemoryException e)
        {
            throw new InsufficientMemoryException($"no memory for a block of {bytes >> 20:N0} MB; use a smaller batch", e);
        }
        Pointer = (byte*)(((ulong)handle + alignment - 1) / alignment * alignment);
        Bytes = bytes;
        if (large && OperatingSystem.IsLinux()) RequestHugePages(Pointer, (nuint)whole);
    }

    /// <summary>The first byte.</summary>
    public byte* Pointer { get; }

    /// <summary>Bytes asked for.</summary>
    public long Bytes { get; }

    /// <summary>Zeroes the first bytes.</summary>
    public void Clear(long bytes) => NativeMemory.Clear(Pointer, (nuint)bytes);

    public override bool IsInvalid => handle == 0;

    protected override bool ReleaseHandle()
    {
        NativeMemory.Free((void*)handle);
        return true;
    }

    // A hint: kernels run the same without it, so a refusal or a C library of another name is no error.
    private static void RequestHugePages(byte* from, nuint bytes)
    {
        try
        {
            _ = madvise(from, bytes, AdviseHugePages);
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException)
        {
        }
    }

    [LibraryImport("libc")]
    private static partial int madvise(void* address, nuint length, int advice);
}

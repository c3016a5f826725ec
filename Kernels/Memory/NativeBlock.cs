using System.Runtime.InteropServices;

namespace EvenNet.Kernels;

/// <summary>Zeroed native memory on a cache-line boundary. Pages are taken from the system when they are first touched.</summary>
internal sealed unsafe class NativeBlock : SafeHandle
{
    private const int Alignment = 64;

    public NativeBlock(long bytes) : base(0, ownsHandle: true)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        try
        {
            SetHandle((nint)NativeMemory.AllocZeroed((nuint)bytes + Alignment));
        }
        catch (OutOfMemoryException)
        {
            throw new InsufficientMemoryException($"no memory for a block of {bytes / 1e6:N0} MB; use a smaller batch");
        }
        Pointer = (byte*)(((nint)handle + Alignment - 1) / Alignment * Alignment);
        Bytes = bytes;
    }

    public byte* Pointer { get; }

    public long Bytes { get; }

    public override bool IsInvalid => handle == 0;

    protected override bool ReleaseHandle()
    {
        NativeMemory.Free((void*)handle);
        return true;
    }
}

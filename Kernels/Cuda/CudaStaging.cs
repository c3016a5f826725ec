using System.Runtime.InteropServices;

namespace EvenNet.Kernels.Cuda;

/// <summary>
/// Copies between the host and the device on one stream through two pieces of pinned memory: while the device takes one, the host fills the other. Writing
/// returns before the device has the data; reading waits.
/// </summary>
internal sealed unsafe class CudaStaging : IDisposable
{
    private const int PieceBytes = 2 << 20;
    private readonly CudaDevice device;
    private readonly nint stream;
    private readonly nint[] pieces = new nint[2];
    private readonly nint[] taken = new nint[2];    // events: the device has taken the piece
    private readonly Lock use = new();
    private int next;

    public CudaStaging(CudaDevice device, nint stream)
    {
        (this.device, this.stream) = (device, stream);
        for (int i = 0; i < pieces.Length; i++)
        {
            void* memory;
            nint made;
            device.Check(device.Driver.cuMemHostAlloc(&memory, PieceBytes, CudaFlags.HostMapped));
            device.Check(device.Driver.cuEventCreate(&made, CudaFlags.EventDisableTiming));
            device.Check(device.Driver.cuEventRecord(made, stream));
            (pieces[i], taken[i]) = ((nint)memory, made);
        }
    }

    /// <summary>Copies to the device, after the work that was given before.</summary>
    public void Write<T>(ulong address, ReadOnlySpan<T> from) where T : unmanaged
    {
        ReadOnlySpan<byte> left = MemoryMarshal.AsBytes(from);
        lock (use)
        {
            device.MakeCurrent();
            while (left.Length > 0)
            {
                int piece = next, count = Math.Min(left.Length, PieceBytes);
                next = 1 - next;
                device.Check(device.Driver.cuEventSynchronize(taken[piece]));
                left[..count].CopyTo(new Span<byte>((void*)pieces[piece], count));
                device.Check(device.Driver.cuMemcpyHtoDAsync_v2(address, (void*)pieces[piece], (nuint)count, stream));
                device.Check(device.Driver.cuEventRecord(taken[piece], stream));
                address += (ulong)count;
                left = left[count..];
            }
        }
    }

    /// <summary>Copies from the device, after the work that was given before; returns when the data is there.</summary>
    public void Read<T>(ulong address, Span<T> to) where T : unmanaged
    {
        Span<byte> left = MemoryMarshal.AsBytes(to);
        lock (use)
        {
            while (left.Length > 0)
            {
                int count = Math.Min(left.Length, PieceBytes);
                device.MakeCurrent();
                device.Check(device.Driver.cuEventSynchronize(taken[next]));
                device.Check(device.Driver.cuMemcpyDtoHAsync_v2((void*)pieces[next], address, (nuint)count, stream));
                device.Wait();
                new Span<byte>((void*)pieces[next], count).CopyTo(left);
                address += (ulong)count;
                left = left[count..];
            }
        }
    }

    public void Dispose()
    {
        for (int i = 0; i < pieces.Length; i++)
        {
            _ = device.Driver.cuEventDestroy_v2(taken[i]);
            _ = device.Driver.cuMemFreeHost((void*)pieces[i]);
        }
    }
}

namespace EvenNet.Kernels.Cuda;

/// <summary>
/// Where data that come batch after batch wait for their turn: memory on the device that a stream of its own fills through pinned memory while the stream
/// of all work is still at the batch before. Two events keep the order: the data have arrived before the work takes them, and are taken before others come.
/// </summary>
internal sealed unsafe class CudaInlet : IDisposable
{
    private readonly CudaDevice device;
    private readonly nint arrived, taken;
    private ulong memory;

    /// <summary>For so many bytes.</summary>
    public CudaInlet(CudaDevice device, long bytes)
    {
        (this.device, Bytes) = (device, bytes);
        memory = device.Allocate(bytes);
        nint made;
        device.Check(device.Driver.cuEventCreate(&made, CudaFlags.EventDisableTiming));
        arrived = made;
        device.Check(device.Driver.cuEventCreate(&made, CudaFlags.EventDisableTiming));
        taken = made;
        // The memory is cleared on the stream of all work.
        device.Check(device.Driver.cuEventRecord(taken, device.Stream));
    }

    /// <summary>What it holds at the most.</summary>
    public long Bytes { get; }

    /// <summary>Brings data on their way to where the work that is given from now on finds them.</summary>
    public void Bring<T>(ulong to, ReadOnlySpan<T> from) where T : unmanaged
    {
        device.MakeCurrent();
        device.Check(device.Driver.cuStreamWaitEvent(device.CopyStream, taken, 0));
        device.Stage(memory, from);
        device.Check(device.Driver.cuEventRecord(arrived, device.CopyStream));
        device.Check(device.Driver.cuStreamWaitEvent(device.Stream, arrived, 0));
        device.Copy(memory, to, sizeof(T) * (long)from.Length);
        device.Check(device.Driver.cuEventRecord(taken, device.Stream));
    }

    public void Dispose()
    {
        device.Free(memory);
        if (memory != 0)
        {
            _ = device.Driver.cuEventDestroy_v2(arrived);
            _ = device.Driver.cuEventDestroy_v2(taken);
        }
        memory = 0;
    }
}

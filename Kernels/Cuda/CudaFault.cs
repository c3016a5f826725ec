namespace EvenNet.Kernels.Cuda;

/// <summary>Two words of pinned memory where a kernel says what is wrong with its data, and what the host makes of them once it waits.</summary>
internal sealed unsafe class CudaFault : IDisposable
{
    private readonly CudaDevice device;
    private readonly Action<uint, uint> raise;
    private uint* words;

    /// <summary>Watches from now on. raise: throws what the words mean; called when the first is not zero.</summary>
    public CudaFault(CudaDevice device, Action<uint, uint> raise)
    {
        (this.device, this.raise) = (device, raise);
        device.MakeCurrent();
        void* address;
        device.Check(device.Driver.cuMemHostAlloc(&address, 2 * sizeof(uint), CudaFlags.HostMapped));
        words = (uint*)address;
        words[0] = 0;
        device.Watch(this);
    }

    /// <summary>Where kernels write: with 64-bit addresses the device sees pinned memory under the host's address.</summary>
    public ulong Address => (ulong)words;

    /// <summary>Throws if a kernel has said something, once.</summary>
    public void Raise()
    {
        if (words[0] == 0) return;
        (uint first, uint second) = (words[0], words[1]);
        words[0] = 0;
        raise(first, second);
    }

    public void Dispose()
    {
        if (words == null) return;
        device.Forget(this);
        _ = device.Driver.cuMemFreeHost(words);
        words = null;
    }
}

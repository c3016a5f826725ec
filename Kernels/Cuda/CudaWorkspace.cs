namespace EvenNet.Kernels.Cuda;

/// <summary>Device memory for one operation that the host asks for; grows to the largest. Work that uses it takes its turn on the device's stream.</summary>
internal sealed class CudaWorkspace(CudaDevice device) : IDisposable
{
    private CudaStorage? storage;

    /// <summary>Memory for so many bytes, until the next call.</summary>
    public ulong Take(long bytes)
    {
        long count = (bytes + sizeof(float) - 1) / sizeof(float);
        if (storage is null || storage.Count < count)
        {
            storage?.Dispose();
            storage = null;
            storage = new CudaStorage(device, count);
        }
        return storage.Address;
    }

    public void Dispose() => storage?.Dispose();
}

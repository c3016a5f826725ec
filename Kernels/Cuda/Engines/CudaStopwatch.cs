namespace EvenNet.Kernels.Cuda;

/// <summary>Times work by two events on the device's stream.</summary>
internal sealed unsafe class CudaStopwatch : IDisposable
{
    private readonly CudaDevice device;
    private readonly nint start, end;

    public CudaStopwatch(CudaDevice device)
    {
        this.device = device;
        nint made;
        device.MakeCurrent();
        device.Check(device.Driver.cuEventCreate(&made, 0));
        start = made;
        device.Check(device.Driver.cuEventCreate(&made, 0));
        end = made;
    }

    /// <summary>Milliseconds that the device takes for the work, on the average of so many runs in a row; waits for it.</summary>
    public float Time(ICudaWork[] work, int times = 1)
    {
        float milliseconds;
        device.MakeCurrent();
        device.Check(device.Driver.cuEventRecord(start, device.Stream));
        for (int i = 0; i < times; i++)
            foreach (ICudaWork piece in work) piece.Run();
        device.Check(device.Driver.cuEventRecord(end, device.Stream));
        device.Wait();
        device.Check(device.Driver.cuEventElapsedTime(&milliseconds, start, end));
        return milliseconds / times;
    }

    public void Dispose()
    {
        _ = device.Driver.cuEventDestroy_v2(start);
        _ = device.Driver.cuEventDestroy_v2(end);
    }
}

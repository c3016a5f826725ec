namespace EvenNet.Kernels.Cuda;

/// <summary>Work that was taken down once and can be given to the device again as one; made by <see cref="CudaBackend.Record"/>.</summary>
public sealed class CudaRecording : IDisposable
{
    private readonly CudaDevice device;
    private nint instance;

    internal CudaRecording(CudaDevice device, nint instance) => (this.device, this.instance) = (device, instance);

    /// <summary>Gives the work to the device, after what was given before.</summary>
    public unsafe void Replay()
    {
        ObjectDisposedException.ThrowIf(instance == 0, this);
        device.MakeCurrent();
        device.Check(device.Driver.cuGraphLaunch(instance, device.Stream));
    }

    /// <summary>Forgets the work; what was given runs to its end.</summary>
    public unsafe void Dispose()
    {
        if (instance == 0) return;
        _ = device.Driver.cuGraphExecDestroy(instance);
        instance = 0;
    }
}

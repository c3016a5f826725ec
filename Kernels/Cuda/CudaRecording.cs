using EvenNet.Framework;

namespace EvenNet.Kernels.Cuda;

/// <summary>Work that was taken down once as a CUDA graph and can be given to the device again as one; made by <see cref="CudaBackend.Record"/>.</summary>
public sealed class CudaRecording : Recording
{
    private readonly CudaDevice device;
    private nint instance;

    internal CudaRecording(CudaDevice device, nint instance) => (this.device, this.instance) = (device, instance);

    /// <inheritdoc/>
    public override unsafe void Replay()
    {
        ObjectDisposedException.ThrowIf(instance == 0, this);
        device.MakeCurrent();
        device.Check(device.Driver.cuGraphLaunch(instance, device.Stream));
    }

    /// <summary>Forgets the work; what was given runs to its end.</summary>
    protected override unsafe void Dispose(bool disposing)
    {
        if (instance != 0) _ = device.Driver.cuGraphExecDestroy(instance);
        instance = 0;
    }
}

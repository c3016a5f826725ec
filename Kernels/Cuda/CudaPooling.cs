using EvenNet.Framework;

namespace EvenNet.Kernels.Cuda;

/// <summary>
/// Pooling with Caffe's rounding. A maximum keeps the place that it came from, so that backward reads neither inputs nor outputs; each input gathers from the
/// windows that hold it, in their order.
/// </summary>
internal static class CudaPooling
{
    public static KernelOffer? Offer(KernelRequest r, CudaDevice device) => r.Layer is Pooling layer
        ? new(layer.Kind == PoolKind.Max ? "cuda.max-pool" : "cuda.average-pool", [Layout.Plain], Framework.LayoutKind.Plain, BackwardReads.None, b => Bind(b, layer, device))
        {
            Saved = layer.Kind == PoolKind.Max ? (long)r.Batch * r.Output.Count : 0,
        }
        : null;

    private static CudaKernel Bind(Bindings b, Pooling layer, CudaDevice device)
    {
        var size = WindowSize.Of(layer, b.Output.Batch, b.Inputs[0].Shape, b.Output.Shape);
        var grid = CudaGrid.Elements(b.Output.Count);
        ulong x = b.Inputs[0].Address, y = b.Output.Address;
        CudaLaunch forward = layer.Kind == PoolKind.Max
            ? new(device, "max_pool_forward", grid) { size, x, y, b.Saved.Address }
            : new(device, "average_pool_forward", grid) { size, x, y };
        if (b.InputGradients[0] is not { } dx) return new CudaKernel { Train = [forward] };
        grid = CudaGrid.Elements(dx.Count);
        ulong dy = b.OutputGradient!.Address;
        CudaLaunch back = layer.Kind == PoolKind.Max
            ? new(device, "max_pool_backward", grid) { size, b.Saved.Address, dy, dx.Address, b.Accumulate[0] }
            : new(device, "average_pool_backward", grid) { size, dy, dx.Address, b.Accumulate[0] };
        return new CudaKernel { Train = [forward], Back = [back] };
    }
}

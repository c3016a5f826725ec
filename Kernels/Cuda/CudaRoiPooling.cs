using EvenNet.Framework;

namespace EvenNet.Kernels.Cuda;

/// <summary>
/// Pooling of regions. A maximum keeps the cell that it came from, so that backward reads the regions but not the map; each cell gathers from the regions that
/// hold it, in their order. A region of no picture of the batch is told when the host next waits for the device.
/// </summary>
internal static class CudaRoiPooling
{
    public static KernelOffer? Offer(KernelRequest r, CudaDevice device) => r.Layer is RoiPooling layer
        ? new("cuda.roi-pool", [Layout.Plain, Layout.Plain], Framework.LayoutKind.Plain, BackwardReads.Inputs, b => Bind(b, layer, device)) { Saved = (long)r.Batch * r.Output.Count }
        : null;

    private static CudaKernel Bind(Bindings b, RoiPooling layer, CudaDevice device)
    {
        (Tensor x, Tensor boxes, Shape y) = (b.Inputs[0], b.Inputs[1], b.Output.Shape);
        var size = new RoiSize(x.Batch, b.Output.Batch, y.Channels, x.Shape.Height, x.Shape.Width, y.Height, y.Width, layer.Scale);
        var fault = new CudaFault(device, (_, region) =>
        {
            double[] values = boxes.ReadExact((int)region);
            layer.Cells(values[0], values[1], values[2], values[3], values[4], x.Batch, (int)region);
        });
        CudaLaunch[] forward = [new(device, "roi_pool_forward", CudaGrid.Elements(b.Output.Count)) { size, x.Address, boxes.Address, b.Output.Address, b.Saved.Address, fault.Address }];
        return b.InputGradients[0] is not { } dx ? new CudaKernel { Train = forward, Owned = fault } : new CudaKernel
        {
            Train = forward,
            Back = [new(device, "roi_pool_backward", CudaGrid.Elements(dx.Count)) { size, boxes.Address, b.Saved.Address, b.OutputGradient!.Address, dx.Address, b.Accumulate[0] }],
            Owned = fault,
        };
    }
}

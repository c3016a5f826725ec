using EvenNet.Framework;

namespace EvenNet.Kernels.Cuda;

/// <summary>A block cut out of the input; its gradient has zeros beside the block.</summary>
internal static class CudaCrop
{
    public static KernelOffer? Offer(KernelRequest r, CudaDevice device) => r.Layer is Crop layer
        ? new("cuda.crop", [Layout.Plain], Framework.LayoutKind.Plain, BackwardReads.None, b => Bind(b, layer, device))
        : null;

    private static CudaKernel Bind(Bindings b, Crop layer, CudaDevice device)
    {
        (Shape x, Shape y) = (b.Inputs[0].Shape, b.Output.Shape);
        var size = new CropSize(b.Output.Batch, x.Channels, x.Height, x.Width, y.Channels, y.Height, y.Width, layer.Channel, layer.Row, layer.Column);
        CudaLaunch forward = new(device, "crop_forward", CudaGrid.Elements(b.Output.Count)) { size, b.Inputs[0].Address, b.Output.Address };
        return b.InputGradients[0] is not { } dx ? new CudaKernel { Train = [forward] } : new CudaKernel
        {
            Train = [forward],
            Back = [new(device, "crop_backward", CudaGrid.Elements(dx.Count)) { size, b.OutputGradient!.Address, dx.Address, b.Accumulate[0] }],
        };
    }
}

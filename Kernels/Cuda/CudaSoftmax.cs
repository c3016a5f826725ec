using EvenNet.Framework;

namespace EvenNet.Kernels.Cuda;

/// <summary>Softmax over the channels: a warp a position.</summary>
internal static class CudaSoftmax
{
    public static KernelOffer? Offer(KernelRequest r, CudaDevice device) => r.Layer is Softmax
        ? new("cuda.softmax", [Layout.Plain], Framework.LayoutKind.Plain, BackwardReads.Output, b => Bind(b, device))
        : null;

    private static CudaKernel Bind(Bindings b, CudaDevice device)
    {
        int channels = b.Output.Shape.Channels, plane = b.Output.Shape.Plane, positions = b.Output.Batch * plane;
        var grid = CudaGrid.Warps(positions);
        ulong y = b.Output.Address;
        CudaLaunch forward = new(device, "softmax_forward", grid) { positions, channels, plane, b.Inputs[0].Address, y };
        return b.InputGradients[0] is not { } dx ? new CudaKernel { Train = [forward] } : new CudaKernel
        {
            Train = [forward],
            Back = [new(device, "softmax_backward", grid) { positions, channels, plane, y, b.OutputGradient!.Address, dx.Address, b.Accumulate[0] }],
        };
    }
}

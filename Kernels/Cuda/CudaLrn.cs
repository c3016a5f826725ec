using EvenNet.Framework;

namespace EvenNet.Kernels.Cuda;

/// <summary>Local response normalisation across channels, forward and backward in a pass over memory each; nothing is kept between them.</summary>
internal static class CudaLrn
{
    // A block's positions and channels, and the shared memory that every device has.
    private const int Positions = 32, Channels = 32, Rows = 8, SharedBytes = 48 << 10;

    public static KernelOffer? Offer(KernelRequest r, CudaDevice device) => r.Layer is Lrn layer && BackwardBytes(Half(r, layer)) <= SharedBytes
        ? new("cuda.lrn", [Layout.Plain], Framework.LayoutKind.Plain, BackwardReads.Inputs, b => Bind(b, layer, device))
        : null;

    private static CudaKernel Bind(Bindings b, Lrn layer, CudaDevice device)
    {
        int channels = b.Output.Shape.Channels, plane = b.Output.Shape.Plane, half = Half(b.Request, layer);
        float perChannel = (float)((double)layer.Alpha / layer.Size);
        ulong x = b.Inputs[0].Address;
        CudaGrid Grid(int bytes) => new((uint)((plane + Positions - 1) / Positions), (uint)((channels + Channels - 1) / Channels), (uint)b.Output.Batch, Positions, Rows, (uint)bytes);
        CudaLaunch forward = new(device, "lrn_forward", Grid((Channels + 2 * half) * Positions * sizeof(float))) { channels, plane, half, perChannel, layer.Beta, layer.K, x, b.Output.Address };
        return b.InputGradients[0] is not { } dx ? new CudaKernel { Train = [forward] } : new CudaKernel
        {
            Train = [forward],
            Back = [new(device, "lrn_backward", Grid(BackwardBytes(half))) { channels, plane, half, perChannel, layer.Beta, layer.K, x, b.OutputGradient!.Address, dx.Address, b.Accumulate[0] }],
        };
    }

    // Channels on either side that count; more than there are make no difference.
    private static int Half(KernelRequest r, Lrn layer) => Math.Min(layer.Size / 2, r.Output.Channels - 1);

    private static int BackwardBytes(int half) => (2 * Channels + 6 * half) * Positions * sizeof(float);
}

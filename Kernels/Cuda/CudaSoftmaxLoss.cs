using EvenNet.Framework;

namespace EvenNet.Kernels.Cuda;

/// <summary>
/// Softmax and cross-entropy: losses of positions, then their sums in double. A label that names no class is told when the host next waits for the device.
/// </summary>
internal static class CudaSoftmaxLoss
{
    public static KernelOffer? Offer(KernelRequest r, CudaDevice device) => r.Layer is SoftmaxLoss layer
        ? new("cuda.softmax-loss", [Layout.Plain, Layout.Plain], Framework.LayoutKind.Plain, BackwardReads.Inputs, b => Bind(b, layer, device))
        {
            Saved = 1,
            Scratch = (long)r.Batch * r.Inputs[0].Plane,
        }
        : null;

    private static CudaKernel Bind(Bindings b, SoftmaxLoss layer, CudaDevice device)
    {
        Shape scores = b.Inputs[0].Shape;
        int batch = b.Output.Batch, channels = scores.Channels, plane = scores.Plane, positions = batch * plane;
        (bool ignores, float ignored) = (layer.IgnoreLabel is not null, layer.IgnoreLabel ?? 0);
        ulong x = b.Inputs[0].Address, labels = b.Inputs[1].Address, factor = b.Saved.Address, losses = b.Scratch.Address;
        var fault = new CudaFault(device, (sample, label) => layer.Class(BitConverter.UInt32BitsToSingle(label), channels, (int)sample - 1));
        CudaLaunch[] forward =
        [
            new(device, "loss_factor", CudaGrid.Blocks(1)) { (long)positions, ignores, ignored, (int)layer.Normalization, batch, layer.Weight, labels, factor },
            new(device, "softmax_loss_positions", CudaGrid.Warps(positions)) { positions, channels, plane, ignores, ignored, x, labels, losses, fault.Address },
            new(device, "loss_sums", CudaGrid.Blocks(batch)) { plane, losses, factor, b.Output.Address },
        ];
        return b.InputGradients[0] is not { } dx ? new CudaKernel { Train = forward, Owned = fault } : new CudaKernel
        {
            Train = forward,
            Back = [new(device, "softmax_loss_backward", CudaGrid.Warps(positions)) { positions, channels, plane, ignores, ignored, x, labels, factor, b.OutputGradient!.Address, dx.Address, b.Accumulate[0] }],
            Owned = fault,
        };
    }
}

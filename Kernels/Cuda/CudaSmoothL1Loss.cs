using EvenNet.Framework;

namespace EvenNet.Kernels.Cuda;

/// <summary>Smooth L1 loss: a block a sample, sums in double.</summary>
internal static class CudaSmoothL1Loss
{
    public static KernelOffer? Offer(KernelRequest r, CudaDevice device) => r.Layer is SmoothL1Loss layer
        ? new("cuda.smooth-l1-loss", [.. r.Inputs.Select(_ => Layout.Plain)], Framework.LayoutKind.Plain, BackwardReads.Inputs, b => Bind(b, layer, device))
        : null;

    private static CudaKernel Bind(Bindings b, SmoothL1Loss layer, CudaDevice device)
    {
        int batch = b.Output.Batch, count = b.Inputs[0].Shape.Count;
        long all = (long)batch * count;
        float factor = layer.Weight / batch, square = layer.Sigma * layer.Sigma;
        ulong a = b.Inputs[0].Address, t = b.Inputs[1].Address, inside = b.Inputs.Count == 4 ? b.Inputs[2].Address : 0, outside = b.Inputs.Count == 4 ? b.Inputs[3].Address : 0;
        CudaLaunch[] forward = [new(device, "smooth_l1_loss_forward", CudaGrid.Blocks(batch)) { count, factor, square, a, t, inside, outside, b.Output.Address }];
        ulong da = b.InputGradients[0]?.Address ?? 0, dt = b.InputGradients[1]?.Address ?? 0;
        return da == 0 && dt == 0 ? new CudaKernel { Train = forward } : new CudaKernel
        {
            Train = forward,
            Back =
            [
                new(device, "smooth_l1_loss_backward", CudaGrid.Elements(all))
                {
                    all, count, factor, square, a, t, inside, outside, b.OutputGradient!.Address, da, dt, b.Accumulate[0], b.Accumulate[1],
                },
            ],
        };
    }
}

using EvenNet.Framework;

namespace EvenNet.Kernels.Cuda;

/// <summary>Sigmoid cross-entropy: a block a sample, sums in double.</summary>
internal static class CudaSigmoidCrossEntropy
{
    public static KernelOffer? Offer(KernelRequest r, CudaDevice device) => r.Layer is SigmoidCrossEntropy layer
        ? new("cuda.sigmoid-cross-entropy", [Layout.Plain, Layout.Plain], Framework.LayoutKind.Plain, BackwardReads.Inputs, b => Bind(b, layer, device)) { Saved = 1 }
        : null;

    private static CudaKernel Bind(Bindings b, SigmoidCrossEntropy layer, CudaDevice device)
    {
        int batch = b.Output.Batch, count = b.Inputs[0].Shape.Count;
        long all = (long)batch * count;
        (bool ignores, float ignored) = (layer.IgnoreLabel is not null, layer.IgnoreLabel ?? 0);
        ulong x = b.Inputs[0].Address, targets = b.Inputs[1].Address, factor = b.Saved.Address;
        CudaLaunch[] forward =
        [
            new(device, "loss_factor", CudaGrid.Blocks(1)) { all, ignores, ignored, (int)layer.Normalization, batch, layer.Weight, targets, factor },
            new(device, "sigmoid_cross_entropy_forward", CudaGrid.Blocks(batch)) { count, ignores, ignored, x, targets, factor, b.Output.Address },
        ];
        return b.InputGradients[0] is not { } dx ? new CudaKernel { Train = forward } : new CudaKernel
        {
            Train = forward,
            Back = [new(device, "sigmoid_cross_entropy_backward", CudaGrid.Elements(all)) { all, count, ignores, ignored, x, targets, factor, b.OutputGradient!.Address, dx.Address, b.Accumulate[0] }],
        };
    }
}

using EvenNet.Framework;

namespace EvenNet.Kernels.Cuda;

/// <summary>Euclidean and contrastive loss: a block a sample, sums in double.</summary>
internal static class CudaPairLoss
{
    public static KernelOffer? Offer(KernelRequest r, CudaDevice device) => r.Layer switch
    {
        EuclideanLoss layer => new("cuda.euclidean-loss", Plain(r), Framework.LayoutKind.Plain, BackwardReads.Inputs, b => Bind(b, layer.Weight, margin: 0, ofSquares: false, label: 0, device)),
        ContrastiveLoss layer => new("cuda.contrastive-loss", Plain(r), Framework.LayoutKind.Plain, BackwardReads.Inputs,
            b => Bind(b, layer.Weight, layer.Margin, layer.OfSquares, b.Inputs[2].Address, device)),
        _ => null,
    };

    private static Layout[] Plain(KernelRequest r) => [.. r.Inputs.Select(_ => Layout.Plain)];

    private static CudaKernel Bind(Bindings b, float weight, float margin, bool ofSquares, ulong label, CudaDevice device)
    {
        int batch = b.Output.Batch, count = b.Inputs[0].Shape.Count;
        float half = weight / (2 * batch), factor = weight / batch;
        ulong first = b.Inputs[0].Address, second = b.Inputs[1].Address, da = b.InputGradients[0]?.Address ?? 0, db = b.InputGradients[1]?.Address ?? 0;
        CudaLaunch[] forward = [new(device, "pair_loss_forward", CudaGrid.Blocks(batch)) { count, half, margin, ofSquares, first, second, label, b.Output.Address }];
        return da == 0 && db == 0 ? new CudaKernel { Train = forward } : new CudaKernel
        {
            Train = forward,
            Back =
            [
                new(device, "pair_loss_backward", CudaGrid.Blocks(batch))
                {
                    count, factor, margin, ofSquares, first, second, label, b.OutputGradient!.Address, da, db, b.Accumulate[0], b.Accumulate[1],
                },
            ],
        };
    }
}

using EvenNet.Framework;

namespace EvenNet.Kernels.Cuda;

/// <summary>Local response normalisation within a channel; the divisor's base is kept for the way back.</summary>
internal static class CudaLrnWithin
{
    public static KernelOffer? Offer(KernelRequest r, CudaDevice device) => r.Layer is LrnWithin layer
        ? new("cuda.lrn-within", [Layout.Plain], Framework.LayoutKind.Plain, BackwardReads.Inputs, b => Bind(b, layer, device))
        {
            Saved = (long)r.Batch * r.Output.Count,
            Scratch = (long)r.Batch * r.Output.Count,
        }
        : null;

    private static CudaKernel Bind(Bindings b, LrnWithin layer, CudaDevice device)
    {
        long count = b.Output.Count;
        int height = b.Output.Shape.Height, width = b.Output.Shape.Width, half = layer.Size / 2;
        float perPosition = (float)((double)layer.Alpha / (layer.Size * layer.Size));
        var grid = CudaGrid.Elements(count);
        ulong x = b.Inputs[0].Address, t = b.Saved.Address, terms = b.Scratch.Address;
        CudaLaunch forward = new(device, "lrn_within_forward", grid) { count, height, width, half, perPosition, layer.Beta, x, b.Output.Address, t };
        if (b.InputGradients[0] is not { } dx) return new CudaKernel { Train = [forward] };
        ulong dy = b.OutputGradient!.Address;
        return new CudaKernel
        {
            Train = [forward],
            Back =
            [
                new(device, "lrn_within_terms", grid) { count, layer.Beta, x, t, dy, terms },
                new(device, "lrn_within_backward", grid) { count, height, width, half, perPosition, layer.Beta, x, t, dy, terms, dx.Address, b.Accumulate[0] },
            ],
        };
    }
}

using EvenNet.Framework;

namespace EvenNet.Kernels.Cuda;

/// <summary>The input's channels and zeros after them.</summary>
internal static class CudaChannelPad
{
    public static KernelOffer? Offer(KernelRequest r, CudaDevice device) => r.Layer is ChannelPad
        ? new("cuda.channel-pad", [Layout.Plain], Framework.LayoutKind.Plain, BackwardReads.None, b => Bind(b, device))
        : null;

    private static CudaKernel Bind(Bindings b, CudaDevice device)
    {
        int batch = b.Output.Batch;
        long part = b.Inputs[0].Shape.Count, whole = b.Output.Shape.Count, rest = whole - part;
        var grid = CudaGrid.Elements(batch * part);
        List<CudaLaunch> forward = [new(device, "copy_part", grid) { batch, part, part, whole, b.Inputs[0].Address, b.Output.Address, false }];
        if (rest > 0) forward.Add(new(device, "clear_part", CudaGrid.Elements(batch * rest)) { batch, rest, whole, b.Output.Address + sizeof(float) * (ulong)part });
        return b.InputGradients[0] is not { } dx ? new CudaKernel { Train = [.. forward] } : new CudaKernel
        {
            Train = [.. forward],
            Back = [new(device, "copy_part", grid) { batch, part, whole, part, b.OutputGradient!.Address, dx.Address, b.Accumulate[0] }],
        };
    }
}

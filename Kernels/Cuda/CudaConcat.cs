using EvenNet.Framework;

namespace EvenNet.Kernels.Cuda;

/// <summary>The inputs' channels one after the other: a copy for each input.</summary>
internal static class CudaConcat
{
    public static KernelOffer? Offer(KernelRequest r, CudaDevice device) => r.Layer is Concat
        ? new("cuda.concat", [.. r.Inputs.Select(_ => Layout.Plain)], Framework.LayoutKind.Plain, BackwardReads.None, b => Bind(b, device))
        : null;

    private static CudaKernel Bind(Bindings b, CudaDevice device)
    {
        long whole = b.Output.Shape.Count, first = 0;
        List<CudaLaunch> forward = [], back = [];
        for (int k = 0; k < b.Inputs.Count; k++)
        {
            long part = b.Inputs[k].Shape.Count;
            var grid = CudaGrid.Elements(b.Inputs[k].Count);
            ulong offset = sizeof(float) * (ulong)first;
            forward.Add(new(device, "copy_part", grid) { b.Output.Batch, part, part, whole, b.Inputs[k].Address, b.Output.Address + offset, false });
            if (b.InputGradients[k] is { } dx)
                back.Add(new(device, "copy_part", grid) { b.Output.Batch, part, whole, part, b.OutputGradient!.Address + offset, dx.Address, b.Accumulate[k] });
            first += part;
        }
        return new CudaKernel { Train = [.. forward], Back = [.. back] };
    }
}

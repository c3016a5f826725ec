using EvenNet.Framework;

namespace EvenNet.Kernels.Cuda;

/// <summary>The input under another size: a copy.</summary>
internal static class CudaReshape
{
    public static KernelOffer? Offer(KernelRequest r, CudaDevice device) => r.Layer is Reshape
        ? new("cuda.reshape", [Layout.Plain], Framework.LayoutKind.Plain, BackwardReads.None, b => Bind(b, device))
        : null;

    private static CudaKernel Bind(Bindings b, CudaDevice device)
    {
        CudaLaunch Copy(Tensor from, Tensor to, bool accumulate) => new(device, "scaled_copy", CudaGrid.Elements(from.Count)) { from.Count, 1f, from.Address, to.Address, accumulate };
        CudaLaunch forward = Copy(b.Inputs[0], b.Output, accumulate: false);
        return b.InputGradients[0] is not { } dx ? new CudaKernel { Train = [forward] } : new CudaKernel { Train = [forward], Back = [Copy(b.OutputGradient!, dx, b.Accumulate[0])] };
    }
}

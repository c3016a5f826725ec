using EvenNet.Framework;

namespace EvenNet.Kernels.Cuda;

/// <summary>A factor and a shift for each channel, or a shift alone; their gradients are sums over a block for each channel, in double.</summary>
internal static class CudaScale
{
    public static KernelOffer? Offer(KernelRequest r, CudaDevice device) => r.Layer switch
    {
        Scale => new("cuda.scale", [Layout.Plain], Framework.LayoutKind.Plain, BackwardReads.Inputs, b => Bind(b, device)),
        Bias => new("cuda.bias", [Layout.Plain], Framework.LayoutKind.Plain, BackwardReads.None, b => Bind(b, device)),
        _ => null,
    };

    private static CudaKernel Bind(Bindings b, CudaDevice device)
    {
        long count = b.Output.Count;
        int batch = b.Output.Batch, channels = b.Output.Shape.Channels, plane = b.Output.Shape.Plane;
        ulong x = b.Inputs[0].Address, weight = b.Find("weight")?.Address ?? 0, bias = b.Find("bias")?.Address ?? 0;
        CudaLaunch forward = new(device, "scale_forward", CudaGrid.Elements(count)) { count, channels, plane, weight, bias, x, b.Output.Address };
        if (b.OutputGradient is not { } gradient) return new CudaKernel { Train = [forward] };
        ulong dy = gradient.Address;
        List<CudaLaunch> back = [];
        if (b.ParameterGradients)
            back.Add(new(device, "scale_parameter_gradients", CudaGrid.Channels(channels, (long)batch * plane)) { batch, channels, plane, x, dy, b.Find("weight")?.GradientAddress ?? 0, b.Find("bias")?.GradientAddress ?? 0 });
        if (b.InputGradients[0] is { } dx)
            back.Add(new(device, "scale_backward", CudaGrid.Elements(count)) { count, channels, plane, weight, dy, dx.Address, b.Accumulate[0] });
        return new CudaKernel { Train = [forward], Back = [.. back] };
    }
}

using EvenNet.Framework;

namespace EvenNet.Kernels.Cuda;

/// <summary>A rectifier with learned slopes. Their gradients are sums over a block for each channel, in a fixed order.</summary>
internal static class CudaPRelu
{
    public static KernelOffer? Offer(KernelRequest r, CudaDevice device) => r.Layer is PRelu layer
        ? new("cuda.prelu", [Layout.Plain], Framework.LayoutKind.Plain, BackwardReads.Inputs, b => Bind(b, layer.Shared, device)) { Scratch = r.Output.Channels }
        : null;

    private static CudaKernel Bind(Bindings b, bool shared, CudaDevice device)
    {
        long count = b.Output.Count;
        int batch = b.Output.Batch, channels = b.Output.Shape.Channels, plane = b.Output.Shape.Plane;
        ulong x = b.Inputs[0].Address, slope = b["slope"].Address, sums = b.Scratch.Address;
        CudaLaunch forward = new(device, "prelu_forward", CudaGrid.Elements(count)) { count, channels, plane, shared, slope, x, b.Output.Address };
        if (b.OutputGradient is not { } gradient) return new CudaKernel { Train = [forward] };
        ulong dy = gradient.Address;
        List<CudaLaunch> back = [];
        if (b.ParameterGradients)
        {
            back.Add(new(device, "prelu_slope_sums", CudaGrid.Channels(channels, (long)batch * plane)) { batch, channels, plane, x, dy, sums });
            back.Add(new(device, "prelu_slope_gradient", CudaGrid.Blocks(1)) { channels, shared, sums, b["slope"].GradientAddress });
        }
        if (b.InputGradients[0] is { } dx)
            back.Add(new(device, "prelu_backward", CudaGrid.Elements(count)) { count, channels, plane, shared, slope, x, dy, dx.Address, b.Accumulate[0] });
        return new CudaKernel { Train = [forward], Back = [.. back] };
    }
}

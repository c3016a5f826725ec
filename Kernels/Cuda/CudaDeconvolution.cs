using EvenNet.Framework;

namespace EvenNet.Kernels.Cuda;

/// <summary>Deconvolutions as <see cref="CudaConvolution"/>'s products the other way round.</summary>
internal static class CudaDeconvolution
{
    private const int Tile = 64;

    // As of a convolution's weight gradients.
    private const int EnoughBlocks = 512, LeastDepth = 512;

    public static KernelOffer? Offer(KernelRequest r, CudaDevice device)
    {
        if (r.Layer is not Deconvolution layer || Math.Max((long)r.Output.Plane, r.Inputs[0].Plane) * r.Batch > int.MaxValue) return null;
        var size = WindowSize.Of(layer, r.Batch, r.Inputs[0], r.Output);
        return new("cuda.deconvolution", [Layout.Plain], Framework.LayoutKind.Plain, BackwardReads.Inputs, b => Bind(b, size, device))
        {
            Scratch = r.Backward ? Parts(size) * (long)size.Outputs * FanIn(size) : 0,
        };
    }

    private static CudaKernel Bind(Bindings b, WindowSize size, CudaDevice device)
    {
        int channels = size.Outputs / size.Groups, outputs = size.Channels / size.Groups, positions = size.Batch * size.Rows * size.Columns, plane = size.Height * size.Width;
        ulong x = b.Inputs[0].Address, weight = b["weight"].Address;
        CudaLaunch forward = new(device, "deconvolution_forward", CudaGrid.Tiles(outputs, size.Batch * plane, size.Groups)) { size, x, weight, b.Find("bias")?.Address ?? 0, b.Output.Address };
        if (b.OutputGradient is not { } gradient) return new CudaKernel { Train = [forward] };

        ulong dy = gradient.Address;
        List<CudaLaunch> back = [];
        if (b.ParameterGradients)
        {
            Parameter w = b["weight"];
            int parts = Parts(size);
            back.Add(new(device, "convolution_backward_weights", CudaGrid.Tiles(channels, FanIn(size), size.Groups * parts)) { size, parts, dy, x, b.Scratch.Address });
            back.Add(new(device, "add_parts", CudaGrid.Elements(w.Count)) { (long)w.Count, parts, b.Scratch.Address, w.GradientAddress });
            if (b.Find("bias") is { } bias)
                back.Add(new(device, "scale_parameter_gradients", CudaGrid.Channels(size.Channels, (long)size.Batch * plane)) { size.Batch, size.Channels, plane, dy, dy, 0ul, bias.GradientAddress });
        }
        if (b.InputGradients[0] is { } dx)
            back.Add(new(device, "deconvolution_backward", CudaGrid.Tiles(channels, positions, size.Groups)) { size, b.Accumulate[0], dy, weight, dx.Address });
        return new CudaKernel { Train = [forward], Back = [.. back] };
    }

    private static int FanIn(WindowSize size) => size.Channels / size.Groups * size.KernelHeight * size.KernelWidth;

    private static int Parts(WindowSize size)
    {
        int tiles = (size.Outputs / size.Groups + Tile - 1) / Tile * ((FanIn(size) + Tile - 1) / Tile) * size.Groups;
        return Math.Clamp(EnoughBlocks / tiles, 1, Math.Max(1, size.Batch * size.Rows * size.Columns / LeastDepth));
    }
}

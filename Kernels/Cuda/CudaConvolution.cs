using EvenNet.Framework;

namespace EvenNet.Kernels.Cuda;

/// <summary>
/// Convolutions as matrix products whose operands are gathered from the images, never unrolled in memory; products add up in float32. The weights' gradient
/// is made in parts, whose number the sizes fix, and the parts are added in their order: the same bits each time.
/// </summary>
internal static class CudaConvolution
{
    private const int Tile = 64;

    // Blocks that keep a large device busy, and products that a part must have to be worth its memory.
    private const int EnoughBlocks = 512, LeastDepth = 512;

    public static KernelOffer? Offer(KernelRequest r, CudaDevice device)
    {
        if (r.Layer is not Convolution layer || Math.Max((long)r.Output.Plane, r.Inputs[0].Plane) * r.Batch > int.MaxValue) return null;
        int weights = layer.Outputs * (r.Inputs[0].Channels / layer.Groups) * layer.Kernel.Height * layer.Kernel.Width;
        return new(r.Relu ? "cuda.convolution+relu" : "cuda.convolution", [Layout.Plain], Framework.LayoutKind.Plain,
            r.Relu ? BackwardReads.Inputs | BackwardReads.Output : BackwardReads.Inputs, b => Bind(b, layer, device))
        {
            Scratch = r.Backward ? (long)Parts(r, layer) * weights : 0,
        };
    }

    private static CudaKernel Bind(Bindings b, Convolution layer, CudaDevice device)
    {
        KernelRequest r = b.Request;
        var size = WindowSize.Of(layer, r.Batch, r.Inputs[0], r.Output);
        int outputs = layer.Outputs / layer.Groups, channels = size.Channels / layer.Groups;
        ulong x = b.Inputs[0].Address, y = b.Output.Address, weight = b["weight"].Address, bias = b.Find("bias")?.Address ?? 0, scale = b["scale"].Address;
        CudaLaunch forward = new(device, "convolution_forward", CudaGrid.Tiles(outputs, r.Batch * r.Output.Plane, layer.Groups)) { size, r.Relu, x, weight, bias, scale, y };
        if (b.OutputGradient is not { } gradient) return new CudaKernel { Train = [forward] };

        ulong dy = gradient.Address, dBias = b.ParameterGradients ? b.Find("bias")?.GradientAddress ?? 0 : 0;
        List<CudaLaunch> back = [new(device, "convolution_output_gradient", CudaGrid.Channels(layer.Outputs, (long)r.Batch * r.Output.Plane)) { r.Batch, layer.Outputs, r.Output.Plane, r.Relu, scale, y, dy, dBias }];
        if (b.ParameterGradients)
        {
            Parameter w = b["weight"];
            int parts = Parts(r, layer);
            back.Add(new(device, "convolution_backward_weights", CudaGrid.Tiles(outputs, w.FanIn, layer.Groups * parts)) { size, parts, x, dy, b.Scratch.Address });
            back.Add(new(device, "add_parts", CudaGrid.Elements(w.Count)) { (long)w.Count, parts, b.Scratch.Address, w.GradientAddress });
        }
        if (b.InputGradients[0] is { } dx)
            back.Add(new(device, "convolution_backward_data", CudaGrid.Tiles(channels, r.Batch * r.Inputs[0].Plane, layer.Groups)) { size, b.Accumulate[0], dy, weight, dx.Address });
        return new CudaKernel { Train = [forward], Back = [.. back] };
    }

    // Over how many shares of the samples and positions the weights' gradient is summed side by side.
    private static int Parts(KernelRequest r, Convolution layer)
    {
        int outputs = layer.Outputs / layer.Groups, columns = r.Inputs[0].Channels / layer.Groups * layer.Kernel.Height * layer.Kernel.Width;
        int tiles = (outputs + Tile - 1) / Tile * ((columns + Tile - 1) / Tile) * layer.Groups;
        return Math.Clamp(EnoughBlocks / tiles, 1, Math.Max(1, r.Batch * r.Output.Plane / LeastDepth));
    }
}

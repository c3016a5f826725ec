using EvenNet.Framework;

namespace EvenNet.Kernels.Cuda;

/// <summary>
/// Convolutions, each pass by cuDNN or by the own kernels, whichever is faster. The own ones are matrix products whose operands are gathered from the images,
/// never unrolled in memory; products add up in float32. The weights' gradient is made in parts, whose number the sizes fix, and the parts are added in
/// their order: the same bits each time.
/// </summary>
internal static class CudaConvolution
{
    private const int Tile = 64;

    // Blocks that keep a large device busy, and products that a part must have to be worth its memory.
    private const int EnoughBlocks = 512, LeastDepth = 512;

    public static KernelOffer? Offer(KernelRequest r, CudaDevice device, CudaEngines engines)
    {
        if (r.Layer is not Convolution layer || Math.Max((long)r.Output.Plane, r.Inputs[0].Plane) * r.Batch > int.MaxValue) return null;
        var size = WindowSize.Of(layer, r.Batch, r.Inputs[0], r.Output);
        CudaCandidate Choose(ConvolutionPass pass, CudaCandidate own) => engines.Choose(pass, size, r.Relu, own);
        CudaCandidate forward = Choose(ConvolutionPass.Forward, OwnForward(device, size, r.Relu));
        CudaCandidate? weights = r.Backward ? Choose(ConvolutionPass.Weights, OwnWeights(device, size)) : null;
        CudaCandidate? data = r is { Backward: true, InputGradient: true } ? Choose(ConvolutionPass.Data, OwnData(device, size)) : null;
        return new($"cuda.{(forward.Name == CudaCandidate.Own ? "" : "cudnn-")}convolution{(r.Relu ? "+relu" : "")}", [Layout.Plain], Framework.LayoutKind.Plain,
            r.Relu ? BackwardReads.Inputs | BackwardReads.Output : BackwardReads.Inputs, b => Bind(b, device, forward, weights, data))
        {
            Scratch = Math.Max(forward.ScratchCount, Math.Max(weights?.ScratchCount ?? 0, data?.ScratchCount ?? 0)),
        };
    }

    private static CudaAffine Bind(Bindings b, CudaDevice device, CudaCandidate forward, CudaCandidate? weights, CudaCandidate? data)
    {
        KernelRequest r = b.Request;
        ulong x = b.Inputs[0].Address, y = b.Output.Address, weight = b["weight"].Address, bias = b.Find("bias")?.Address ?? 0, scale = b["scale"].Address;
        ulong scratch = b.Scratch.Count == 0 ? 0 : CudaCandidate.Align(b.Scratch.Address);
        ICudaWork[] ahead = forward.Bind(new(x, weight, y, bias, scale, scratch, Accumulate: false));
        if (b.OutputGradient is not { } gradient) return new CudaAffine(ahead, []);

        ulong dy = gradient.Address, dBias = b.ParameterGradients ? b.Find("bias")?.GradientAddress ?? 0 : 0;
        List<ICudaWork> back =
        [
            new CudaLaunch(device, "convolution_output_gradient", CudaGrid.Channels(r.Output.Channels, (long)r.Batch * r.Output.Plane)) { r.Batch, r.Output.Channels, r.Output.Plane, r.Relu, scale, y, dy, dBias },
        ];
        if (b.ParameterGradients && weights is not null) back.AddRange(weights.Bind(new(x, b["weight"].GradientAddress, dy, Bias: 0, Scale: 0, scratch, Accumulate: true)));
        if (b.InputGradients[0] is { } dx && data is not null) back.AddRange(data.Bind(new(dx.Address, weight, dy, Bias: 0, Scale: 0, scratch, b.Accumulate[0])));
        return new CudaAffine(ahead, [.. back]);
    }

    private static CudaCandidate OwnForward(CudaDevice device, WindowSize s, bool relu) => new(CudaCandidate.Own, ScratchBytes: 0, o =>
    [
        new CudaLaunch(device, "convolution_forward", CudaGrid.Tiles(s.Outputs / s.Groups, s.Batch * s.Rows * s.Columns, s.Groups)) { s, relu, o.Input, o.Weight, o.Bias, o.Scale, o.Output },
    ]);

    private static CudaCandidate OwnData(CudaDevice device, WindowSize s) => new(CudaCandidate.Own, ScratchBytes: 0, o =>
    [
        new CudaLaunch(device, "convolution_backward_data", CudaGrid.Tiles(s.Channels / s.Groups, s.Batch * s.Height * s.Width, s.Groups)) { s, o.Accumulate, o.Output, o.Weight, o.Input },
    ]);

    /// <summary>The weights' gradient by the own kernels.</summary>
    public static CudaCandidate OwnWeights(CudaDevice device, WindowSize s)
    {
        int columns = s.Channels / s.Groups * s.KernelHeight * s.KernelWidth, parts = Parts(s, columns);
        long count = (long)s.Outputs * columns;
        return new(CudaCandidate.Own, parts * count * sizeof(float), o =>
        [
            new CudaLaunch(device, "convolution_backward_weights", CudaGrid.Tiles(s.Outputs / s.Groups, columns, s.Groups * parts)) { s, parts, o.Input, o.Output, o.Scratch },
            new CudaLaunch(device, "add_parts", CudaGrid.Elements(count)) { count, parts, o.Scratch, o.Weight },
        ]);
    }

    // Over how many shares of the samples and positions the weights' gradient is summed side by side.
    private static int Parts(in WindowSize s, int columns)
    {
        int tiles = (s.Outputs / s.Groups + Tile - 1) / Tile * ((columns + Tile - 1) / Tile) * s.Groups;
        return Math.Clamp(EnoughBlocks / tiles, 1, Math.Max(1, s.Batch * s.Rows * s.Columns / LeastDepth));
    }
}

using EvenNet.Framework;

namespace EvenNet.Kernels.Cuda;

/// <summary>y = scale · (bias + x · weightᵀ), rectified if asked; the ways back are products, too. Each by cuBLAS or by the own kernels, whichever is faster.</summary>
internal static class CudaInnerProduct
{
    public static KernelOffer? Offer(KernelRequest r, CudaDevice device, CudaEngines engines)
    {
        if (r.Layer is not InnerProduct) return null;
        int batch = r.Batch, inputs = r.Inputs[0].Count, outputs = r.Output.Channels;
        var counts = new CudaOperandCounts((long)batch * inputs, (long)outputs * inputs, (long)batch * outputs, outputs);
        CudaCandidate forward = engines.Choose("inner product", new CudaProduct(TransposeA: false, TransposeB: true, batch, outputs, inputs), o => new(o.Input, o.Weight, o.Output, Accumulate: false),
            o => [AffineOutput.Of(device, outputs, plane: 1, (long)batch * outputs, r.Relu, o)], counts, new(CudaCandidate.Own, ScratchBytes: 0, o =>
                [new CudaLaunch(device, "inner_product_forward", CudaGrid.Tiles(batch, outputs)) { batch, outputs, inputs, r.Relu, o.Input, o.Weight, o.Bias, o.Scale, o.Output }]));
        CudaCandidate? weights = !r.Backward ? null : engines.Choose("inner product's weights", new CudaProduct(TransposeA: true, TransposeB: false, outputs, inputs, batch),
            o => new(o.Output, o.Input, o.Weight, Accumulate: true), _ => [], counts, new(CudaCandidate.Own, ScratchBytes: 0, o =>
                [new CudaLaunch(device, "gemm_tn", CudaGrid.Tiles(outputs, inputs)) { outputs, inputs, batch, o.Output, o.Input, o.Weight, true }]));
        CudaCandidate? data = r is not { Backward: true, InputGradient: true } ? null : engines.Choose("inner product's data", new CudaProduct(TransposeA: false, TransposeB: false, batch, inputs, outputs),
            o => new(o.Output, o.Weight, o.Input, o.Accumulate), _ => [], counts, new(CudaCandidate.Own, ScratchBytes: 0, o =>
                [new CudaLaunch(device, "gemm_nn", CudaGrid.Tiles(batch, inputs)) { batch, inputs, outputs, o.Output, o.Weight, o.Input, o.Accumulate }]));
        return new($"cuda.{(forward.Name == CudaCandidate.Own ? "" : "cublas-")}inner-product{(r.Relu ? "+relu" : "")}", [Layout.Plain], Framework.LayoutKind.Plain,
            r.Relu ? BackwardReads.Inputs | BackwardReads.Output : BackwardReads.Inputs, b => Bind(b, device, forward, weights, data))
        {
            Scratch = Math.Max(forward.ScratchCount, Math.Max(weights?.ScratchCount ?? 0, data?.ScratchCount ?? 0)),
        };
    }

    private static CudaAffine Bind(Bindings b, CudaDevice device, CudaCandidate forward, CudaCandidate? weights, CudaCandidate? data)
    {
        KernelRequest r = b.Request;
        int outputs = r.Output.Channels;
        ulong x = b.Inputs[0].Address, y = b.Output.Address, weight = b["weight"].Address, bias = b.Find("bias")?.Address ?? 0, scale = b["scale"].Address;
        ulong scratch = b.Scratch.Count == 0 ? 0 : CudaCandidate.Align(b.Scratch.Address);
        ICudaWork[] ahead = forward.Bind(new(x, weight, y, bias, scale, scratch, Accumulate: false));
        if (b.OutputGradient is not { } gradient) return new CudaAffine(ahead, []);

        ulong dy = gradient.Address, dBias = b.ParameterGradients ? b.Find("bias")?.GradientAddress ?? 0 : 0;
        List<ICudaWork> back = [new CudaLaunch(device, "inner_product_output_gradient", CudaGrid.Elements(outputs)) { r.Batch, outputs, r.Relu, scale, y, dy, dBias }];
        if (b.ParameterGradients && weights is not null) back.AddRange(weights.Bind(new(x, b["weight"].GradientAddress, dy, Bias: 0, Scale: 0, scratch, Accumulate: true)));
        if (b.InputGradients[0] is { } dx && data is not null) back.AddRange(data.Bind(new(dx.Address, weight, dy, Bias: 0, Scale: 0, scratch, b.Accumulate[0])));
        return new CudaAffine(ahead, [.. back]);
    }
}

using EvenNet.Framework;

namespace EvenNet.Kernels.Cuda;

/// <summary>y = scale · (bias + x · weightᵀ), rectified if asked; the ways back are products, too.</summary>
internal static class CudaInnerProduct
{
    public static KernelOffer? Offer(KernelRequest r, CudaDevice device) => r.Layer is InnerProduct
        ? new(r.Relu ? "cuda.inner-product+relu" : "cuda.inner-product", [Layout.Plain], Framework.LayoutKind.Plain,
            r.Relu ? BackwardReads.Inputs | BackwardReads.Output : BackwardReads.Inputs, b => Bind(b, device))
        : null;

    private static CudaKernel Bind(Bindings b, CudaDevice device)
    {
        KernelRequest r = b.Request;
        int batch = r.Batch, inputs = r.Inputs[0].Count, outputs = r.Output.Channels;
        ulong x = b.Inputs[0].Address, y = b.Output.Address, weight = b["weight"].Address, bias = b.Find("bias")?.Address ?? 0, scale = b["scale"].Address;
        CudaLaunch forward = new(device, "inner_product_forward", CudaGrid.Tiles(batch, outputs)) { batch, outputs, inputs, r.Relu, x, weight, bias, scale, y };
        if (b.OutputGradient is not { } gradient) return new CudaKernel { Train = [forward] };

        ulong dy = gradient.Address, dBias = b.ParameterGradients ? b.Find("bias")?.GradientAddress ?? 0 : 0;
        List<CudaLaunch> back = [new(device, "inner_product_output_gradient", CudaGrid.Elements(outputs)) { batch, outputs, r.Relu, scale, y, dy, dBias }];
        if (b.ParameterGradients)
            back.Add(new(device, "gemm_tn", CudaGrid.Tiles(outputs, inputs)) { outputs, inputs, batch, dy, x, b["weight"].GradientAddress, true });
        if (b.InputGradients[0] is { } dx)
            back.Add(new(device, "gemm_nn", CudaGrid.Tiles(batch, inputs)) { batch, inputs, outputs, dy, weight, dx.Address, b.Accumulate[0] });
        return new CudaKernel { Train = [forward], Back = [.. back] };
    }
}

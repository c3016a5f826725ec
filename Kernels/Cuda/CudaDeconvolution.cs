using EvenNet.Framework;

namespace EvenNet.Kernels.Cuda;

/// <summary>Deconvolutions as <see cref="CudaConvolution"/>'s products the other way round; the weights' gradient is a convolution's, by cuDNN or the own kernels.</summary>
internal static class CudaDeconvolution
{
    public static KernelOffer? Offer(KernelRequest r, CudaDevice device, CudaEngines engines)
    {
        if (r.Layer is not Deconvolution layer || Math.Max((long)r.Output.Plane, r.Inputs[0].Plane) * r.Batch > int.MaxValue) return null;
        var size = WindowSize.Of(layer, r.Batch, r.Inputs[0], r.Output);
        CudaCandidate? weights = r.Backward ? engines.Choose(ConvolutionPass.Weights, size, relu: false, CudaConvolution.OwnWeights(device, size)) : null;
        return new("cuda.deconvolution", [Layout.Plain], Framework.LayoutKind.Plain, BackwardReads.Inputs, b => Bind(b, size, device, weights)) { Scratch = weights?.ScratchCount ?? 0 };
    }

    private static CudaAffine Bind(Bindings b, WindowSize size, CudaDevice device, CudaCandidate? weights)
    {
        int plane = size.Height * size.Width;
        ulong x = b.Inputs[0].Address, weight = b["weight"].Address;
        CudaLaunch forward = new(device, "deconvolution_forward", CudaGrid.Tiles(size.Channels / size.Groups, size.Batch * plane, size.Groups)) { size, x, weight, b.Find("bias")?.Address ?? 0, b.Output.Address };
        if (b.OutputGradient is not { } gradient) return new CudaAffine([forward], []);

        ulong dy = gradient.Address;
        List<ICudaWork> back = [];
        if (b.ParameterGradients && weights is not null)
        {
            ulong scratch = b.Scratch.Count == 0 ? 0 : CudaCandidate.Align(b.Scratch.Address);
            back.AddRange(weights.Bind(new(Input: dy, b["weight"].GradientAddress, Output: x, Bias: 0, Scale: 0, scratch, Accumulate: true)));
            if (b.Find("bias") is { } bias)
                back.Add(new CudaLaunch(device, "scale_parameter_gradients", CudaGrid.Channels(size.Channels, (long)size.Batch * plane)) { size.Batch, size.Channels, plane, dy, dy, 0ul, bias.GradientAddress });
        }
        if (b.InputGradients[0] is { } dx)
            back.Add(new CudaLaunch(device, "deconvolution_backward", CudaGrid.Tiles(size.Outputs / size.Groups, size.Batch * size.Rows * size.Columns, size.Groups)) { size, b.Accumulate[0], dy, weight, dx.Address });
        return new CudaAffine([forward], [.. back]);
    }
}

using EvenNet.Framework;
using EvenNet.Interop.CaffeFormat;
using Google.Protobuf.Collections;

namespace EvenNet.Interop;

// From a type's settings to our layer.
internal static partial class CaffeLayers
{
    // One number for both sides, one for each, or the fields of the two sides.
    private static Extent Sides(CaffeGraphBuilder net, LayerParameter layer, string what, RepeatedField<uint> both, bool hasSides, uint height, uint width, int otherwise)
    {
        if (both.Count > 2) throw net.Wrong(layer, $"has {both.Count} sizes of {what}; only planes, height and width, are supported");
        if (hasSides && both.Count > 0) throw net.Wrong(layer, $"gives {what} twice, as one number and by height and width");
        return hasSides ? new Extent(checked((int)height), checked((int)width))
            : both.Count == 2 ? new Extent(checked((int)both[0]), checked((int)both[1]))
            : both.Count == 1 ? new Extent(checked((int)both[0]), checked((int)both[0]))
            : otherwise;
    }

    private static (Extent Kernel, Extent Stride, Extent Pad, Extent Dilation) Window(CaffeGraphBuilder net, LayerParameter layer, ConvolutionParameter p)
    {
        RequireChannels(net, layer, p.Axis);
        return (Sides(net, layer, "kernel_size", p.KernelSize, p.HasKernelH || p.HasKernelW, p.KernelH, p.KernelW, otherwise: 0),
            Sides(net, layer, "stride", p.Stride, p.HasStrideH || p.HasStrideW, p.StrideH, p.StrideW, otherwise: 1),
            Sides(net, layer, "pad", p.Pad, p.HasPadH || p.HasPadW, p.PadH, p.PadW, otherwise: 0),
            Sides(net, layer, "dilation", p.Dilation, hasSides: false, 0, 0, otherwise: 1));
    }

    private static Convolution Convolution(CaffeGraphBuilder net, LayerParameter layer)
    {
        ConvolutionParameter p = layer.ConvolutionParam ?? new();
        (Extent kernel, Extent stride, Extent pad, Extent dilation) = Window(net, layer, p);
        return new(checked((int)p.NumOutput), kernel) { Stride = stride, Pad = pad, Dilation = dilation, Groups = checked((int)p.Group), HasBias = p.BiasTerm };
    }

    private static Deconvolution Deconvolution(CaffeGraphBuilder net, LayerParameter layer)
    {
        ConvolutionParameter p = layer.ConvolutionParam ?? new();
        (Extent kernel, Extent stride, Extent pad, Extent dilation) = Window(net, layer, p);
        return new(checked((int)p.NumOutput), kernel) { Stride = stride, Pad = pad, Dilation = dilation, Groups = checked((int)p.Group), HasBias = p.BiasTerm };
    }

    private static void InnerProduct(CaffeGraphBuilder net, LayerParameter layer)
    {
        InnerProductParameter p = layer.InnerProductParam ?? new();
        CaffeBlob x = net.Bottom(layer, 0);
        RequireChannels(net, layer, p.Axis);
        Node node = net.Node(layer, new InnerProduct(checked((int)p.NumOutput)) { HasBias = p.BiasTerm }, x.Node);
        net.Own(layer, node);
        net.Top(layer, 0, node, axes: 2);
    }

    private static Pooling Pooling(CaffeGraphBuilder net, LayerParameter layer)
    {
        PoolingParameter p = layer.PoolingParam ?? new();
        PoolKind kind = p.Pool switch
        {
            PoolingParameter.Types.PoolMethod.Max => PoolKind.Max,
            PoolingParameter.Types.PoolMethod.Ave => PoolKind.Average,
            _ => throw net.Wrong(layer, $"pools by {p.Pool}; only MAX and AVE are supported"),
        };
        Shape x = net.Bottom(layer, 0).Node.Shape;
        if (p.GlobalPooling) return new(kind, new Extent(x.Height, x.Width));
        Extent kernel = Sides(net, layer, "kernel_size", p.HasKernelSize ? [p.KernelSize] : [], p.HasKernelH || p.HasKernelW, p.KernelH, p.KernelW, otherwise: 0);
        return new(kind, kernel)
        {
            Stride = Sides(net, layer, "stride", p.HasStride ? [p.Stride] : [], p.HasStrideH || p.HasStrideW, p.StrideH, p.StrideW, otherwise: 1),
            Pad = Sides(net, layer, "pad", p.HasPad ? [p.Pad] : [], p.HasPadH || p.HasPadW, p.PadH, p.PadW, otherwise: 0),
            Floor = p.RoundMode == PoolingParameter.Types.RoundMode.Floor,
        };
    }

    private static Layer Lrn(LRNParameter p) => p.NormRegion == LRNParameter.Types.NormRegion.WithinChannel
        ? new LrnWithin(checked((int)p.LocalSize), p.Alpha, p.Beta)
        : new Lrn(checked((int)p.LocalSize), p.Alpha, p.Beta, p.K);

    private static BatchNorm BatchNorm(CaffeGraphBuilder net, LayerParameter layer)
    {
        BatchNormParameter p = layer.BatchNormParam ?? new();
        if (p.HasUseGlobalStats && p.UseGlobalStats && net.State.Phase == Framework.Phase.Train)
            net.Note(layer, "use_global_stats is not heard in training: the batch's statistics are used");
        return new(p.Eps, p.MovingAverageFraction);
    }

    private static Scale Scale(CaffeGraphBuilder net, LayerParameter layer)
    {
        ScaleParameter p = layer.ScaleParam ?? new();
        RequireChannels(net, layer, p.Axis);
        if (p.NumAxes != 1) throw net.Wrong(layer, $"scales along {p.NumAxes} axes; only one, the channels, is supported");
        return new(p.BiasTerm);
    }

    private static Bias Bias(CaffeGraphBuilder net, LayerParameter layer)
    {
        BiasParameter p = layer.BiasParam ?? new();
        RequireChannels(net, layer, p.Axis);
        return p.NumAxes == 1 ? new() : throw net.Wrong(layer, $"shifts along {p.NumAxes} axes; only one, the channels, is supported");
    }

    private static Softmax Softmax(CaffeGraphBuilder net, LayerParameter layer)
    {
        RequireChannels(net, layer, layer.SoftmaxParam?.Axis ?? 1);
        return new();
    }

    private static Eltwise Eltwise(CaffeGraphBuilder net, LayerParameter layer)
    {
        EltwiseParameter p = layer.EltwiseParam ?? new();
        EltwiseKind kind = p.Operation switch
        {
            EltwiseParameter.Types.EltwiseOp.Prod => EltwiseKind.Product,
            EltwiseParameter.Types.EltwiseOp.Max => EltwiseKind.Max,
            _ => EltwiseKind.Sum,
        };
        if (p.Coeff.Count > 0 && p.Coeff.Count != layer.Bottom.Count) throw net.Wrong(layer, $"has {p.Coeff.Count} coefficients for {layer.Bottom.Count} bottoms");
        return new(kind) { Coefficients = [.. p.Coeff] };
    }

    private static SoftmaxLoss SoftmaxLoss(CaffeGraphBuilder net, LayerParameter layer)
    {
        RequireChannels(net, layer, layer.SoftmaxParam?.Axis ?? 1);
        LossParameter p = layer.LossParam ?? new();
        return new(Weight(layer), p.HasIgnoreLabel ? p.IgnoreLabel : null, Normalization(p, LossNormalization.Valid));
    }

    private static SigmoidCrossEntropy SigmoidLoss(LayerParameter layer)
    {
        LossParameter p = layer.LossParam ?? new();
        return new(Weight(layer), p.HasIgnoreLabel ? p.IgnoreLabel : null, Normalization(p, LossNormalization.BatchSize));
    }

    // «normalize» is the older way to say it, and is not heard where the newer one stands.
    private static LossNormalization Normalization(LossParameter p, LossNormalization otherwise) =>
        !p.HasNormalization ? p.HasNormalize ? p.Normalize ? LossNormalization.Valid : LossNormalization.BatchSize : otherwise : p.Normalization switch
        {
            LossParameter.Types.NormalizationMode.Full => LossNormalization.Full,
            LossParameter.Types.NormalizationMode.Valid => LossNormalization.Valid,
            LossParameter.Types.NormalizationMode.BatchSize => LossNormalization.BatchSize,
            _ => LossNormalization.None,
        };
}

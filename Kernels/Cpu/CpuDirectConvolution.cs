using EvenNet.Framework;

namespace EvenNet.Kernels.Cpu;

/// <summary>
/// Convolution in the blocked layout by <see cref="DirectConvolution"/>: y = s · (w ⋆ x + b), with the rectifier fused where asked.
/// A first layer of up to four channels reads its image as it comes.
/// </summary>
internal sealed unsafe class CpuDirectConvolution : Kernel
{
    private readonly DirectConvolution convolution;
    private readonly OutputGradient? outputGradient;
    private readonly Parameter weight, scale;
    private readonly Parameter? bias;
    private readonly CpuMemory forwardWeights, backwardWeights, scaledBias;
    private readonly float* x, y, dy, dx, scratch;
    private readonly float* w, s, b, dw, db;              // weight, scale, bias; their gradients, null where nobody asks
    private readonly int outputs;
    private readonly bool relu, accumulate;
    private (int Weight, int Bias, int Scale) packedForward;
    private (int Weight, int Scale) packedBackward;

    private CpuDirectConvolution(Bindings bound, ConvolutionShape shape, Threads threads)
    {
        (weight, scale, bias) = (bound["weight"], bound["scale"], bound.Find("bias"));
        (outputs, relu, accumulate) = (shape.Outputs, bound.Request.Relu, bound.Accumulate[0]);
        HaloLayout input = LayoutOf(bound.Inputs[0]), output = LayoutOf(bound.Output);
        HaloLayout? gradient = bound.OutputGradient is { } g ? LayoutOf(g) : null, inputGradient = bound.InputGradients[0] is { } i ? LayoutOf(i) : null;
        convolution = new DirectConvolution(shape, input, output, gradient, inputGradient, threads);
        if (gradient is { } layout) outputGradient = new OutputGradient(shape.Batch, output, layout, threads);
        x = Address(bound.Inputs[0]);
        y = Address(bound.Output);
        dy = Address(bound.OutputGradient);
        dx = Address(bound.InputGradients[0]);
        scratch = Address(bound.Scratch);
        w = Address(weight.Values);
        s = Address(scale.Values);
        b = bias is null ? null : Address(bias.Values);
        if (bound.ParameterGradients)
        {
            dw = Address(weight.Gradients);
            db = bias is null ? null : Address(bias.Gradients);
        }
        forwardWeights = new CpuMemory(convolution.ForwardWeightCount);
        backwardWeights = new CpuMemory(convolution.BackwardWeightCount);
        scaledBias = new CpuMemory(convolution.BiasCount);
    }

    /// <summary>Takes whole blocks a group, or one group of any channels.</summary>
    public static KernelOffer? Offer(KernelRequest r, Threads threads)
    {
        if (r.Layer is not Convolution c) return null;
        ConvolutionShape shape = ShapeOf(c, r);
        bool plain = !r.InputGradient && r.Arrives[0] == LayoutKind.Plain && DirectConvolution.Supports(shape, blocked: false);
        if (!plain && !DirectConvolution.Supports(shape, blocked: true)) return null;

        var x = new Layout(plain ? LayoutKind.Plain : LayoutKind.Blocked, DirectConvolution.InputHalo(shape));
        return new($"cpu.direct-convolution{(r.Relu ? "+relu" : "")}", [x], LayoutKind.Blocked,
            r.Relu ? BackwardReads.Inputs | BackwardReads.Output : BackwardReads.Inputs, b => new CpuDirectConvolution(b, shape, threads))
        {
            GradientHalo = r.InputGradient ? DirectConvolution.OutputGradientHalo(shape) : 0,
            Scratch = DirectConvolution.GradientScratch(shape, !plain, threads),
        };
    }

    public override void Forward(Phase phase)
    {
        var stamp = (weight.Version, bias?.Version ?? 0, scale.Version);
        if (packedForward != stamp)
        {
            convolution.PackForward(w, *s, forwardWeights.Pointer);
            for (int o = 0; b != null && o < outputs; o++) scaledBias.Pointer[o] = *s * b[o];
            packedForward = stamp;
        }
        convolution.Forward(x, forwardWeights.Pointer, b == null ? null : scaledBias.Pointer, y, relu);
    }

    public override void Backward()
    {
        outputGradient!.Apply(relu ? y : null, dy, *s, db);
        if (dw != null) convolution.BackwardWeights(x, dy, *s, dw, scratch);
        if (dx == null) return;
        var stamp = (weight.Version, scale.Version);
        if (packedBackward != stamp)
        {
            convolution.PackBackwardData(w, *s, backwardWeights.Pointer);
            packedBackward = stamp;
        }
        convolution.BackwardData(dy, backwardWeights.Pointer, dx, accumulate);
    }

    protected override void Dispose(bool disposing)
    {
        forwardWeights.Dispose();
        backwardWeights.Dispose();
        scaledBias.Dispose();
        base.Dispose(disposing);
    }

    private static ConvolutionShape ShapeOf(Convolution c, KernelRequest r) =>
        new(r.Batch, r.Inputs[0].Channels, c.Outputs, r.Inputs[0].Height, r.Inputs[0].Width, c.Kernel.Height, c.Kernel.Width)
        {
            Groups = c.Groups,
            StrideHeight = c.Stride.Height,
            StrideWidth = c.Stride.Width,
            PadHeight = c.Pad.Height,
            PadWidth = c.Pad.Width,
            DilationHeight = c.Dilation.Height,
            DilationWidth = c.Dilation.Width,
        };

    private static HaloLayout LayoutOf(Tensor t) => new(
        t.Shape.Channels, t.Shape.Height, t.Shape.Width, t.Layout.Halo, t.Layout.Kind == LayoutKind.Blocked ? HaloLayout.Block : 1);

    private static float* Address(Tensor? t) => t is null ? null : Address(t.Region);

    private static float* Address(Region region) => ((FloatStorage)region.Storage).Pointer + region.Offset;
}

using EvenNet.Framework;

namespace EvenNet.Kernels.Cpu;

/// <summary>
/// Convolution in the blocked layout: y = s · (w ⋆ x + b), with the rectifier fused where asked. Each pass runs by <see cref="WinogradConvolution"/>
/// where <see cref="WinogradPasses.For"/> says so, else by <see cref="DirectConvolution"/>.
/// A first layer of up to four channels reads its image as it comes.
/// </summary>
internal sealed unsafe class CpuBlockedConvolution : Kernel
{
    private readonly WinogradPasses passes;
    private readonly DirectConvolution? direct;         // null where no pass needs it
    private readonly WinogradConvolution? winograd;
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

    private CpuBlockedConvolution(Bindings bound, ConvolutionShape shape, WinogradPasses passes, Threads threads)
    {
        this.passes = passes;
        (weight, scale, bias) = (bound["weight"], bound["scale"], bound.Find("bias"));
        (outputs, relu, accumulate) = (shape.Outputs, bound.Request.Relu, bound.Accumulate[0]);
        HaloLayout input = HaloLayout.Of(bound.Inputs[0]), output = HaloLayout.Of(bound.Output);
        HaloLayout? gradient = bound.OutputGradient is { } g ? HaloLayout.Of(g) : null, inputGradient = bound.InputGradients[0] is { } i ? HaloLayout.Of(i) : null;
        if (passes != WinogradPasses.All) direct = new DirectConvolution(shape, input, output, gradient, inputGradient, threads);
        if (passes != WinogradPasses.None) winograd = new WinogradConvolution(shape, input, output, gradient, inputGradient, threads, passes: passes);
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
        forwardWeights = new CpuMemory(passes.Forward ? winograd!.ForwardWeightCount : direct!.ForwardWeightCount);
        // Winograd's are four times as large and lie in scratch: a training step needs them once.
        backwardWeights = new CpuMemory(passes.BackwardData ? 0 : direct!.BackwardWeightCount);
        scaledBias = new CpuMemory(output.Planes * HaloLayout.Block);
    }

    /// <summary>Takes whole blocks a group, or one group of any channels.</summary>
    public static KernelOffer? Offer(KernelRequest r, Threads threads)
    {
        if (r.Layer is not Convolution c) return null;
        ConvolutionShape shape = ConvolutionShape.Of(c, r.Batch, r.Inputs[0]);
        bool plain = !r.InputGradient && r.Arrives[0] == LayoutKind.Plain && DirectConvolution.Supports(shape, blocked: false);
        if (!plain && !DirectConvolution.Supports(shape, blocked: true)) return null;

        WinogradPasses passes = plain ? WinogradPasses.None : WinogradPasses.For(shape, r.Backward);
        var x = new Layout(plain ? LayoutKind.Plain : LayoutKind.Blocked, DirectConvolution.InputHalo(shape));
        return new($"cpu.{NameOf(passes, r)}{(r.Relu ? "+relu" : "")}", [x], LayoutKind.Blocked,
            r.Relu ? BackwardReads.Inputs | BackwardReads.Output : BackwardReads.Inputs, b => new CpuBlockedConvolution(b, shape, passes, threads))
        {
            GradientHalo = r.InputGradient ? DirectConvolution.OutputGradientHalo(shape) : 0,
            Scratch = ScratchOf(shape, plain, passes, r, threads),
            Operations = passes.Operations(shape),
        };
    }

    public override void Forward(Phase phase)
    {
        var stamp = (weight.Version, bias?.Version ?? 0, scale.Version);
        if (packedForward != stamp)
        {
            if (passes.Forward) winograd!.PackForward(w, *s, forwardWeights.Pointer);
            else direct!.PackForward(w, *s, forwardWeights.Pointer);
            for (int o = 0; b != null && o < outputs; o++) scaledBias.Pointer[o] = *s * b[o];
            packedForward = stamp;
        }
        float* start = b == null ? null : scaledBias.Pointer;
        if (passes.Forward) winograd!.Forward(x, forwardWeights.Pointer, start, y, relu, scratch);
        else direct!.Forward(x, forwardWeights.Pointer, start, y, relu);
    }

    public override void Backward()
    {
        outputGradient!.Apply(relu ? y : null, dy, *s, db);
        if (dw != null)
        {
            if (passes.BackwardWeights) winograd!.BackwardWeights(x, dy, *s, dw, scratch);
            else direct!.BackwardWeights(x, dy, *s, dw, scratch);
        }
        if (dx == null) return;
        if (passes.BackwardData)
        {
            float* packed = scratch + winograd!.BackwardDataScratchCount;
            winograd.PackBackwardData(w, *s, packed);
            winograd.BackwardData(dy, packed, dx, accumulate, scratch);
            return;
        }
        var stamp = (weight.Version, scale.Version);
        if (packedBackward != stamp)
        {
            direct!.PackBackwardData(w, *s, backwardWeights.Pointer);
            packedBackward = stamp;
        }
        direct!.BackwardData(dy, backwardWeights.Pointer, dx, accumulate);
    }

    protected override void Dispose(bool disposing)
    {
        forwardWeights.Dispose();
        backwardWeights.Dispose();
        scaledBias.Dispose();
        base.Dispose(disposing);
    }

    // «winograd-convolution/direct-weights»: the forward pass, then what differs from it.
    private static string NameOf(WinogradPasses passes, KernelRequest r)
    {
        static string Word(bool isWinograd) => isWinograd ? "winograd" : "direct";
        string name = $"{Word(passes.Forward)}-convolution";
        if (r.Backward && passes.BackwardWeights != passes.Forward) name += $"/{Word(passes.BackwardWeights)}-weights";
        if (r.InputGradient && passes.BackwardData != passes.Forward) name += $"/{Word(passes.BackwardData)}-data";
        return name;
    }

    // The largest of the passes that the plan has.
    private static long ScratchOf(ConvolutionShape shape, bool plain, WinogradPasses passes, KernelRequest r, Threads threads)
    {
        long count = r.Backward && !passes.BackwardWeights ? DirectConvolution.GradientScratch(shape, !plain, threads) : 0;
        if (passes == WinogradPasses.None) return count;
        HaloLayout x = new(shape.Inputs, shape.Height, shape.Width, DirectConvolution.InputHalo(shape));
        HaloLayout y = new(shape.Outputs, shape.OutputHeight, shape.OutputWidth, DirectConvolution.OutputGradientHalo(shape));
        var winograd = new WinogradConvolution(shape, x, y, r.Backward ? y : null, r.InputGradient ? x : null, threads, passes: passes);
        long data = winograd.BackwardDataScratchCount + winograd.BackwardWeightCount;
        return Math.Max(Math.Max(count, data), Math.Max(winograd.ForwardScratchCount, winograd.WeightGradientScratchCount));
    }

    private static float* Address(Tensor? t) => t is null ? null : Address(t.Region);

    private static float* Address(Region region) => ((FloatStorage)region.Storage).Pointer + region.Offset;
}

using EvenNet.Framework;

namespace EvenNet.Kernels.Cpu;

/// <summary>
/// Any deconvolution on the plain layout: a convolution's products the other way round. Forward multiplies the weights' transpose and adds the columns up where
/// the windows lie in the output; backward gathers them from the output's gradient.
/// </summary>
internal sealed unsafe class CpuDeconvolution : Kernel
{
    private readonly CpuGemm gemm;
    private readonly Threads threads;
    private readonly Deconvolution layer;
    private readonly CpuColumns windows;
    private readonly Action<int, int> start, sum;
    private readonly Shape xs, ys;
    private readonly int samples, channels, outputs, taps, chunk;      // channels, outputs and taps of one group
    private readonly float* x, y, dy, dx, weight, bias, dWeight, dBias, columns;
    private readonly bool accumulate;

    private CpuDeconvolution(Bindings b, Deconvolution layer, Threads threads, CpuGemm gemm)
    {
        (this.gemm, this.threads, this.layer, accumulate) = (gemm, threads, layer, b.Accumulate[0]);
        (start, sum) = (Start, Sum);
        (xs, ys, samples) = (b.Inputs[0].Shape, b.Output.Shape, b.Output.Batch);
        (channels, outputs) = (xs.Channels / layer.Groups, ys.Channels / layer.Groups);
        windows = new CpuColumns(layer.Kernel, layer.Stride, layer.Pad, layer.Dilation, ys, xs, outputs, threads);
        (taps, chunk) = (windows.Taps, windows.Chunk);
        x = Address(b.Inputs[0].Region);
        y = Address(b.Output.Region);
        dy = Address(b.OutputGradient?.Region);
        dx = Address(b.InputGradients[0]?.Region);
        weight = Address(b["weight"].Values);
        bias = Address(b.Find("bias")?.Values);
        columns = Address(b.Scratch);
        if (!b.ParameterGradients) return;
        dWeight = Address(b["weight"].Gradients);
        dBias = Address(b.Find("bias")?.Gradients);
    }

    public static KernelOffer? Offer(KernelRequest r, Threads threads, CpuGemm gemm) => r.Layer is Deconvolution layer
        ? new("cpu.deconvolution", [Layout.Plain], LayoutKind.Plain, BackwardReads.Inputs, b => new CpuDeconvolution(b, layer, threads, gemm))
        {
            Scratch = CpuColumns.Floats(layer.Kernel, r.Output.Channels / layer.Groups, r.Inputs[0]),
        }
        : null;

    public override void Forward(Phase phase)
    {
        threads.For(samples * ys.Channels, start);
        for (int n = 0; n < samples; n++)
        {
            for (int g = 0; g < layer.Groups; g++)
            {
                float* from = x + InputOffset(n, g), w = weight + (nint)g * channels * taps;
                for (int first = 0; first < xs.Plane; first += chunk)
                {
                    int count = Math.Min(chunk, xs.Plane - first);
                    gemm.Multiply(transposeA: true, transposeB: false, taps, count, channels, 1, w, taps, from + first, xs.Plane, accumulate: false, columns, count);
                    windows.Scatter(columns, y + OutputOffset(n, g), first, count);
                }
            }
        }
    }

    public override void Backward()
    {
        if (dBias != null) threads.For(ys.Channels, sum);
        if (dWeight == null && dx == null) return;
        for (int n = 0; n < samples; n++)
        {
            for (int g = 0; g < layer.Groups; g++)
            {
                nint weights = (nint)g * channels * taps;
                for (int first = 0; first < xs.Plane; first += chunk)
                {
                    int count = Math.Min(chunk, xs.Plane - first);
                    windows.Gather(dy + OutputOffset(n, g), columns, first, count);
                    if (dWeight != null)
                        gemm.Multiply(transposeA: false, transposeB: true, channels, taps, count, 1, x + InputOffset(n, g) + first, xs.Plane, columns, count, accumulate: true, dWeight + weights, taps);
                    if (dx != null)
                        gemm.Multiply(transposeA: false, transposeB: false, channels, count, taps, 1, weight + weights, taps, columns, count, accumulate, dx + InputOffset(n, g) + first, xs.Plane);
                }
            }
        }
    }

    private nint InputOffset(int n, int group) => ((nint)n * layer.Groups + group) * channels * xs.Plane;

    private nint OutputOffset(int n, int group) => ((nint)n * layer.Groups + group) * outputs * ys.Plane;

    // The bias in one plane of one sample, to which the windows are added.
    private void Start(int worker, int task) => new Span<float>(y + (nint)task * ys.Plane, ys.Plane).Fill(bias == null ? 0 : bias[task % ys.Channels]);

    // db += Σ dy over the samples and pixels of one output, in double.
    private void Sum(int worker, int task)
    {
        double total = 0;
        for (int n = 0; n < samples; n++)
        {
            float* gradient = dy + ((nint)n * ys.Channels + task) * ys.Plane;
            for (int i = 0; i < ys.Plane; i++) total += gradient[i];
        }
        dBias[task] += (float)total;
    }

    private static float* Address(Region? region) => region is { } r ? CpuTensor.Pointer(r) : null;
}

using System.Numerics;
using System.Runtime.CompilerServices;
using EvenNet.Framework;

namespace EvenNet.Kernels.Cpu;

/// <summary>
/// Any convolution on the plain layout: windows are laid out as the columns of a matrix, a chunk of output pixels at a time, and multiplied.
/// It writes and reads every input value once for each tap, so that it comes after the kernels that need no columns.
/// </summary>
internal sealed unsafe class CpuGemmConvolution : Kernel
{
    private readonly CpuGemm gemm;
    private readonly Threads threads;
    private readonly Convolution layer;
    private readonly CpuColumns windows;
    private readonly Action<int, int> finish, mask;
    private readonly Shape xs, ys;
    private readonly int samples, channels, outputs, taps, chunk;      // channels, outputs and taps of one group
    private readonly float* x, y, dy, dx, weight, scale, bias, dWeight, dBias, columns;
    private readonly bool relu, accumulate;

    private CpuGemmConvolution(Bindings b, Convolution layer, Threads threads, CpuGemm gemm)
    {
        (this.gemm, this.threads, this.layer) = (gemm, threads, layer);
        (finish, mask) = (Finish, Mask);
        (xs, ys, samples) = (b.Inputs[0].Shape, b.Output.Shape, b.Output.Batch);
        (channels, outputs) = (xs.Channels / layer.Groups, ys.Channels / layer.Groups);
        windows = new CpuColumns(layer.Kernel, layer.Stride, layer.Pad, layer.Dilation, xs, ys, channels, threads);
        (taps, chunk) = (windows.Taps, windows.Chunk);
        (relu, accumulate) = (b.Request.Relu, b.Accumulate[0]);
        x = Address(b.Inputs[0].Region);
        y = Address(b.Output.Region);
        dy = Address(b.OutputGradient?.Region);
        dx = Address(b.InputGradients[0]?.Region);
        weight = Address(b["weight"].Values);
        scale = Address(b["scale"].Values);
        bias = Address(b.Find("bias")?.Values);
        columns = Address(b.Scratch);
        if (!b.ParameterGradients) return;
        dWeight = Address(b["weight"].Gradients);
        dBias = Address(b.Find("bias")?.Gradients);
    }

    public static KernelOffer? Offer(KernelRequest r, Threads threads, CpuGemm gemm) => r.Layer is Convolution layer
        ? new(r.Relu ? "cpu.gemm-convolution+relu" : "cpu.gemm-convolution", [Layout.Plain], LayoutKind.Plain,
            r.Relu ? BackwardReads.Inputs | BackwardReads.Output : BackwardReads.Inputs, b => new CpuGemmConvolution(b, layer, threads, gemm))
        {
            Scratch = CpuColumns.Floats(layer.Kernel, r.Inputs[0].Channels / layer.Groups, r.Output),
        }
        : null;

    public override void Forward(Phase phase)
    {
        for (int n = 0; n < samples; n++)
        {
            for (int g = 0; g < layer.Groups; g++)
            {
                float* to = y + OutputOffset(n, g), w = weight + (nint)g * outputs * taps;
                for (int first = 0; first < ys.Plane; first += chunk)
                {
                    int count = Math.Min(chunk, ys.Plane - first);
                    windows.Gather(x + InputOffset(n, g), columns, first, count);
                    gemm.Multiply(transposeA: false, transposeB: false, outputs, count, taps, *scale, w, taps, columns, count, accumulate: false, to + first, ys.Plane);
                }
            }
        }
        if (bias != null || relu) threads.For(samples * ys.Channels, finish);
    }

    public override void Backward()
    {
        if (dBias != null || relu) threads.For(ys.Channels, mask);
        for (int n = 0; n < samples; n++)
        {
            for (int g = 0; g < layer.Groups; g++)
            {
                float* gradient = dy + OutputOffset(n, g);
                nint weights = (nint)g * outputs * taps;
                if (dx != null && !accumulate) new Span<float>(dx + InputOffset(n, g), channels * xs.Plane).Clear();
                for (int first = 0; first < ys.Plane; first += chunk)
                {
                    int count = Math.Min(chunk, ys.Plane - first);
                    if (dWeight != null)
                    {
                        windows.Gather(x + InputOffset(n, g), columns, first, count);
                        gemm.Multiply(transposeA: false, transposeB: true, outputs, taps, count, *scale, gradient + first, ys.Plane, columns, count, accumulate: true, dWeight + weights, taps);
                    }
                    if (dx == null) continue;
                    gemm.Multiply(transposeA: true, transposeB: false, taps, count, outputs, *scale, weight + weights, taps, gradient + first, ys.Plane, accumulate: false, columns, count);
                    windows.Scatter(columns, dx + InputOffset(n, g), first, count);
                }
            }
        }
    }

    private nint InputOffset(int n, int group) => ((nint)n * layer.Groups + group) * channels * xs.Plane;

    private nint OutputOffset(int n, int group) => ((nint)n * layer.Groups + group) * outputs * ys.Plane;

    // y ← max(y + s · b, 0) for one plane of one sample.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Finish(int worker, int task)
    {
        float* to = y + (nint)task * ys.Plane;
        float add = bias == null ? 0 : *scale * bias[task % ys.Channels];
        int i = 0;
        for (; i <= ys.Plane - Vector<float>.Count; i += Vector<float>.Count)
        {
            Vector<float> value = Vector.Load(to + i) + new Vector<float>(add);
            if (relu) value = Vector.Max(value, Vector<float>.Zero);
            value.Store(to + i);
        }
        for (; i < ys.Plane; i++) to[i] = relu ? Math.Max(to[i] + add, 0) : to[i] + add;
    }

    // dy ← 0 where the rectifier was shut; db += s · Σ dy over the samples and pixels of one output, in double.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Mask(int worker, int task)
    {
        double sum = 0;
        for (int n = 0; n < samples; n++)
        {
            nint plane = ((nint)n * ys.Channels + task) * ys.Plane;
            float* gradient = dy + plane, value = y + plane;
            for (int i = 0; i < ys.Plane; i++)
            {
                if (relu && value[i] <= 0) gradient[i] = 0;
                sum += gradient[i];
            }
        }
        if (dBias != null) dBias[task] += (float)(*scale * sum);
    }

    private static float* Address(Region? region) => region is { } r ? CpuTensor.Pointer(r) : null;
}

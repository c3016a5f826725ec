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
    // Floats of the column matrix, 1 MiB: it stays in the second or third cache between its writing and its reading.
    private const int ColumnFloats = 1 << 18;

    private readonly CpuGemm gemm;
    private readonly Threads threads;
    private readonly Convolution layer;
    private readonly Action<int, int> gather, scatter, finish, mask;
    private readonly Shape xs, ys;
    private readonly int samples, channels, outputs, taps, chunk;      // channels, outputs and taps of one group
    private readonly float* x, y, dy, dx, weight, scale, bias, dWeight, dBias, columns;
    private readonly bool relu, accumulate;

    // The chunk in work: of which image, first pixel, number of pixels.
    private float* image;
    private int first, count;

    private CpuGemmConvolution(Bindings b, Convolution layer, Threads threads, CpuGemm gemm)
    {
        (this.gemm, this.threads, this.layer) = (gemm, threads, layer);
        (gather, scatter, finish, mask) = (Gather, Scatter, Finish, Mask);
        (xs, ys, samples) = (b.Inputs[0].Shape, b.Output.Shape, b.Output.Batch);
        (channels, outputs, taps, chunk) = (xs.Channels / layer.Groups, ys.Channels / layer.Groups, Taps(layer, xs), Chunk(layer, xs, ys));
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
            Scratch = (long)Taps(layer, r.Inputs[0]) * Chunk(layer, r.Inputs[0], r.Output),
        }
        : null;

    public override void Forward(Phase phase)
    {
        for (int n = 0; n < samples; n++)
        {
            for (int g = 0; g < layer.Groups; g++)
            {
                float* to = y + OutputOffset(n, g), w = weight + (nint)g * outputs * taps;
                image = x + InputOffset(n, g);
                for (first = 0; first < ys.Plane; first += chunk)
                {
                    count = Math.Min(chunk, ys.Plane - first);
                    threads.For(taps, gather);
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
                for (first = 0; first < ys.Plane; first += chunk)
                {
                    count = Math.Min(chunk, ys.Plane - first);
                    if (dWeight != null)
                    {
                        image = x + InputOffset(n, g);
                        threads.For(taps, gather);
                        gemm.Multiply(transposeA: false, transposeB: true, outputs, taps, count, *scale, gradient + first, ys.Plane, columns, count, accumulate: true, dWeight + weights, taps);
                    }
                    if (dx == null) continue;
                    image = dx + InputOffset(n, g);
                    gemm.Multiply(transposeA: true, transposeB: false, taps, count, outputs, *scale, weight + weights, taps, gradient + first, ys.Plane, accumulate: false, columns, count);
                    threads.For(channels, scatter);
                }
            }
        }
    }

    private static int Taps(Convolution layer, Shape x) => x.Channels / layer.Groups * layer.Kernel.Height * layer.Kernel.Width;

    private static int Chunk(Convolution layer, Shape x, Shape y) => Math.Min(y.Plane, Math.Max(16, ColumnFloats / Taps(layer, x)));

    private nint InputOffset(int n, int group) => ((nint)n * layer.Groups + group) * channels * xs.Plane;

    private nint OutputOffset(int n, int group) => ((nint)n * layer.Groups + group) * outputs * ys.Plane;

    // One row of the columns: what one tap of one channel sees from each of the chunk's pixels.
    private void Gather(int worker, int task)
    {
        (int c, int r, int s) = Tap(task);
        float* plane = image + (nint)c * xs.Plane, to = columns + (nint)task * count;
        for (int i = first, run; i < first + count; i += run, to += run)
        {
            run = Run(i, r, s, out int h, out int w, out int skip, out int inside);
            new Span<float>(to, skip).Clear();
            new Span<float>(to + skip + inside, run - skip - inside).Clear();
            float* from = plane + (nint)h * xs.Width + w;
            if (layer.Stride.Width == 1) new Span<float>(from, inside).CopyTo(new Span<float>(to + skip, inside));
            else for (int q = 0; q < inside; q++) to[skip + q] = from[q * layer.Stride.Width];
        }
    }

    // Adds the rows of one channel's taps, in order, to where Gather would take them from.
    private void Scatter(int worker, int task)
    {
        int window = layer.Kernel.Height * layer.Kernel.Width;
        float* plane = image + (nint)task * xs.Plane, from = columns + (nint)task * window * count;
        for (int tap = 0; tap < window; tap++)
        {
            for (int i = first, run; i < first + count; i += run, from += run)
            {
                run = Run(i, tap / layer.Kernel.Width, tap % layer.Kernel.Width, out int h, out int w, out int skip, out int inside);
                float* to = plane + (nint)h * xs.Width + w;
                for (int q = 0; q < inside; q++) to[q * layer.Stride.Width] += from[skip + q];
            }
        }
    }

    private (int Channel, int Row, int Column) Tap(int index)
    {
        int window = layer.Kernel.Height * layer.Kernel.Width;
        return (index / window, index % window / layer.Kernel.Width, index % layer.Kernel.Width);
    }

    // The pixels from i on in one output row: how many, how many of them the padding hides at the start, how many see the image,
    // and the row and column (h, w) that the first of these sees.
    private int Run(int i, int r, int s, out int h, out int w, out int skip, out int inside)
    {
        int p = i / ys.Width, q = i % ys.Width, stride = layer.Stride.Width, run = Math.Min(ys.Width - q, first + count - i);
        h = p * layer.Stride.Height - layer.Pad.Height + r * layer.Dilation.Height;
        w = q * stride - layer.Pad.Width + s * layer.Dilation.Width;
        skip = w < 0 ? Math.Min((stride - 1 - w) / stride, run) : 0;
        w += skip * stride;
        inside = w < xs.Width ? Math.Min((xs.Width - 1 - w) / stride + 1, run - skip) : 0;
        if (h >= 0 && h < xs.Height && inside > 0) return run;
        (h, w, skip, inside) = (0, 0, run, 0);
        return run;
    }

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

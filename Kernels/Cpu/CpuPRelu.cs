using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using EvenNet.Framework;

namespace EvenNet.Kernels.Cpu;

/// <summary>
/// y[c] = x[c] where x[c] &gt; 0, else slope[c] · x[c], in the order that x arrives in; one pass over memory each way. dSlope[c] = Σ dy[c] · min(x[c], 0).
/// </summary>
internal sealed unsafe class CpuPRelu : Kernel
{
    // Floats of dy, x and min(x, 0) that stay in the first-level cache from the sums to dx.
    private const int Chunk = 1024;
    private readonly CpuTensor x, y, dx, dy;
    private readonly float* slope, dSlope;                      // dSlope: null where nobody asks
    private readonly bool accumulate, wantsInput, shared;
    private readonly PlaneConstants factor;
    private readonly CpuTensorPlanes forward;
    private readonly CpuTensorPlanes? backward;
    private readonly CpuChannelSums? sums;                      // of dy · min(x, 0)

    private CpuPRelu(Bindings b, bool shared, Threads threads)
    {
        (x, y) = (CpuTensor.OfChannels(b.Inputs[0]), CpuTensor.OfChannels(b.Output));
        factor = new PlaneConstants(y);
        forward = new CpuTensorPlanes(threads, y.AllPlanes, y.PlaneSize, ForwardPlane);
        slope = CpuTensor.Pointer(b["slope"].Values);
        (this.shared, accumulate, wantsInput) = (shared, b.Accumulate[0], b.InputGradients[0] is not null);
        if (b.OutputGradient is not { } gradient || !(wantsInput || b.ParameterGradients)) return;
        dy = CpuTensor.OfChannels(gradient);
        if (b.InputGradients[0] is { } input) dx = CpuTensor.OfChannels(input);
        backward = new CpuTensorPlanes(threads, dy.AllPlanes, dy.PlaneSize, BackwardPlane);
        if (!b.ParameterGradients) return;
        sums = new CpuChannelSums(dy);
        dSlope = CpuTensor.Pointer(b["slope"].Gradients);
    }

    public static KernelOffer? Offer(KernelRequest r, Threads threads)
    {
        if (r.Layer is not PRelu layer) return null;
        LayoutKind kind = CpuTensor.Arriving(r);
        return new("cpu.prelu", [new Layout(kind)], kind, BackwardReads.Inputs, b => new CpuPRelu(b, layer.Shared, threads));
    }

    public override void Forward(Phase phase)
    {
        for (int c = 0; c < y.Channels; c++) factor[c] = slope[shared ? 0 : c];
        forward.Run();
    }

    public override void Backward()
    {
        for (int c = 0; c < y.Channels; c++) factor[c] = slope[shared ? 0 : c];
        backward?.Run();
        if (sums is null) return;
        double all = 0;
        for (int c = 0; c < y.Channels; c++)
        {
            if (shared) all += sums.Product(c);
            else dSlope[c] += (float)sums.Product(c);
        }
        if (shared) *dSlope += (float)all;
    }

    private void ForwardPlane(int worker, int plane)
    {
        bool whole = x.IsDense && y.IsDense;
        int rows = whole ? 1 : x.Height, length = whole ? x.Height * x.RowLength : x.RowLength;
        Vector512<float> a = factor.Of(plane);
        for (int h = 0; h < rows; h++) ForwardRow(x.Row(plane, h), y.Row(plane, h), length, a);
        y.ClearBorder(plane);
    }

    private void BackwardPlane(int worker, int plane)
    {
        float* negative = stackalloc float[Chunk];
        bool whole = x.IsDense && dy.IsDense && (!wantsInput || dx.IsDense);
        int rows = whole ? 1 : x.Height, length = whole ? x.Height * x.RowLength : x.RowLength;
        Vector512<float> a = factor.Of(plane);
        sums?.Clear(plane);
        for (int h = 0; h < rows; h++)
        {
            float* g = dy.Row(plane, h), value = x.Row(plane, h), to = wantsInput ? dx.Row(plane, h) : null;
            for (int i = 0; i < length; i += Chunk)
            {
                int count = Math.Min(Chunk, length - i);
                if (sums is not null)
                {
                    Negative(value + i, negative, count);
                    sums.Add(plane, g + i, negative, count);
                }
                if (wantsInput) BackwardRow(value + i, g + i, to + i, count, a, accumulate);
            }
        }
        if (wantsInput && !accumulate) dx.ClearBorder(plane);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ForwardRow(float* x, float* y, int length, Vector512<float> slope)
    {
        int i = 0;
        for (; i <= length - Lane.Count; i += Lane.Count)
        {
            Vector512<float> v = Vector512.Load(x + i);
            Vector512.ConditionalSelect(Vector512.GreaterThan(v, Vector512<float>.Zero), v, slope * v).Store(y + i);
        }
        for (; i < length; i++) y[i] = x[i] > 0 ? x[i] : slope[0] * x[i];
    }

    // A plane's last floats, where there are less than a vector, are of one channel.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void BackwardRow(float* x, float* dy, float* dx, int length, Vector512<float> slope, bool add)
    {
        int i = 0;
        for (; i <= length - Lane.Count; i += Lane.Count)
        {
            Vector512<float> g = Vector512.Load(dy + i);
            g = Vector512.ConditionalSelect(Vector512.GreaterThan(Vector512.Load(x + i), Vector512<float>.Zero), g, slope * g);
            (add ? g + Vector512.Load(dx + i) : g).Store(dx + i);
        }
        for (; i < length; i++) dx[i] = (add ? dx[i] : 0) + (x[i] > 0 ? dy[i] : slope[0] * dy[i]);
    }

    // min(x, 0), and what is not a number as it is.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Negative(float* x, float* to, int length)
    {
        int i = 0;
        for (; i <= length - Lane.Count; i += Lane.Count)
        {
            Vector512<float> v = Vector512.Load(x + i);
            Vector512.ConditionalSelect(Vector512.GreaterThan(v, Vector512<float>.Zero), Vector512<float>.Zero, v).Store(to + i);
        }
        for (; i < length; i++) to[i] = x[i] > 0 ? 0 : x[i];
    }
}

using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using EvenNet.Framework;

namespace EvenNet.Kernels.Cpu;

/// <summary>y[c] = weight[c] · x[c] + bias[c], or x[c] + bias[c], in the order that x arrives in; one pass over memory each way.</summary>
internal sealed unsafe class CpuScale : Kernel
{
    // Floats of dy and x that stay in the first-level cache from the sums to dx.
    private const int Chunk = 4096;
    private readonly CpuTensor x, y, dx, dy;
    private readonly float* weight, bias, dWeight, dBias;       // null where there is none or nobody asks
    private readonly bool accumulate, wantsInput;
    private readonly PlaneConstants factor, shift;
    private readonly CpuTensorPlanes forward;
    private readonly CpuTensorPlanes? backward;
    private readonly CpuChannelSums? sums;                      // of dy and dy · x

    private CpuScale(Bindings b, Threads threads)
    {
        (x, y) = (CpuTensor.OfChannels(b.Inputs[0]), CpuTensor.OfChannels(b.Output));
        (factor, shift) = (new PlaneConstants(y), new PlaneConstants(y));
        forward = new CpuTensorPlanes(threads, y.AllPlanes, y.PlaneSize, ForwardPlane);
        weight = b.Find("weight") is { } learns ? CpuTensor.Pointer(learns.Values) : null;
        bias = b.Find("bias") is { } has ? CpuTensor.Pointer(has.Values) : null;
        (accumulate, wantsInput) = (b.Accumulate[0], b.InputGradients[0] is not null);
        if (b.OutputGradient is not { } gradient || !(wantsInput || b.ParameterGradients)) return;
        dy = CpuTensor.OfChannels(gradient);
        if (b.InputGradients[0] is { } input) dx = CpuTensor.OfChannels(input);
        backward = new CpuTensorPlanes(threads, dy.AllPlanes, dy.PlaneSize, BackwardPlane);
        if (!b.ParameterGradients) return;
        sums = new CpuChannelSums(dy);
        dWeight = b.Find("weight") is { } factors ? CpuTensor.Pointer(factors.Gradients) : null;
        dBias = b.Find("bias") is { } learned ? CpuTensor.Pointer(learned.Gradients) : null;
    }

    public static KernelOffer? Offer(KernelRequest r, Threads threads)
    {
        if (r.Layer is not (Scale or Bias)) return null;
        LayoutKind kind = CpuTensor.Arriving(r);
        return r.Layer is Scale
            ? new("cpu.scale", [new Layout(kind)], kind, BackwardReads.Inputs, b => new CpuScale(b, threads))
            : new("cpu.bias", [new Layout(kind)], kind, BackwardReads.None, b => new CpuScale(b, threads));
    }

    public override void Forward(Phase phase)
    {
        for (int c = 0; c < y.Channels; c++) (factor[c], shift[c]) = (weight == null ? 1 : weight[c], bias == null ? 0 : bias[c]);
        forward.Run();
    }

    public override void Backward()
    {
        for (int c = 0; c < y.Channels; c++) factor[c] = weight == null ? 1 : weight[c];
        backward?.Run();
        if (sums is null) return;
        for (int c = 0; c < y.Channels; c++)
        {
            if (dWeight != null) dWeight[c] += (float)sums.Product(c);
            if (dBias != null) dBias[c] += (float)sums.Sum(c);
        }
    }

    private void ForwardPlane(int worker, int plane)
    {
        bool whole = x.IsDense && y.IsDense;
        int rows = whole ? 1 : x.Height, length = whole ? x.Height * x.RowLength : x.RowLength;
        Vector512<float> w = factor.Of(plane), b = shift.Of(plane);
        for (int h = 0; h < rows; h++) ForwardRow(x.Row(plane, h), y.Row(plane, h), length, w, b);
        y.ClearBorder(plane);
    }

    private void BackwardPlane(int worker, int plane)
    {
        bool whole = x.IsDense && dy.IsDense && (!wantsInput || dx.IsDense);
        int rows = whole ? 1 : x.Height, length = whole ? x.Height * x.RowLength : x.RowLength;
        Vector512<float> w = factor.Of(plane);
        sums?.Clear(plane);
        for (int h = 0; h < rows; h++)
        {
            // A shift alone does not ask what it was added to, and x may be gone.
            float* g = dy.Row(plane, h), value = weight == null ? g : x.Row(plane, h), to = wantsInput ? dx.Row(plane, h) : null;
            for (int i = 0; i < length; i += Chunk)
            {
                int count = Math.Min(Chunk, length - i);
                sums?.Add(plane, g + i, value + i, count);
                if (wantsInput) BackwardRow(g + i, to + i, count, w, accumulate);
            }
        }
        if (wantsInput && !accumulate) dx.ClearBorder(plane);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ForwardRow(float* x, float* y, int length, Vector512<float> weight, Vector512<float> bias)
    {
        int i = 0;
        for (; i <= length - Lane.Count; i += Lane.Count) (weight * Vector512.Load(x + i) + bias).Store(y + i);
        if (i < length) Lane.Store(weight * Lane.Load(x + i, length - i) + bias, y + i, length - i);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void BackwardRow(float* dy, float* dx, int length, Vector512<float> weight, bool add)
    {
        int i = 0;
        for (; i <= length - Lane.Count; i += Lane.Count)
        {
            Vector512<float> g = weight * Vector512.Load(dy + i);
            (add ? g + Vector512.Load(dx + i) : g).Store(dx + i);
        }
        if (i == length) return;
        Vector512<float> last = weight * Lane.Load(dy + i, length - i);
        Lane.Store(add ? last + Lane.Load(dx + i, length - i) : last, dx + i, length - i);
    }
}

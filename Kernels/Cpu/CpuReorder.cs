using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using EvenNet.Framework;

namespace EvenNet.Kernels.Cpu;

/// <summary>
/// The same value in another order in memory: plain to blocked and back, sixteen channels of a sample at a time, or another border.
/// </summary>
internal sealed unsafe class CpuReorder : Kernel
{
    private readonly bool accumulate;
    private readonly CpuTensor x, y, dx, dy;
    private readonly CpuTensorPlanes forward;
    private readonly CpuTensorPlanes? backward;

    private CpuReorder(Bindings b, Threads threads)
    {
        accumulate = b.Accumulate[0];
        (x, y) = (new CpuTensor(b.Inputs[0]), new CpuTensor(b.Output));
        int blocks = (x.Channels + Lane.Count - 1) / Lane.Count * x.Samples;
        long size = (long)x.Height * x.Width * Lane.Count;
        forward = new CpuTensorPlanes(threads, blocks, size, ForwardBlock);
        if (b.InputGradients[0] is not { } gradient) return;
        (dx, dy) = (new CpuTensor(gradient), new CpuTensor(b.OutputGradient!));
        backward = new CpuTensorPlanes(threads, blocks, size, BackwardBlock);
    }

    public static KernelOffer? Offer(KernelRequest r, Threads threads) => r.Layer is Reorder reorder
        ? new("cpu.reorder", [new Layout(r.Arrives[0])], reorder.To.Kind, BackwardReads.None, b => new CpuReorder(b, threads))
        : null;

    public override void Forward(Phase phase) => forward.Run();

    public override void Backward() => backward?.Run();

    private void ForwardBlock(int worker, int block) => Block(x, y, block, add: false);

    private void BackwardBlock(int worker, int block) => Block(dy, dx, block, accumulate);

    // Sixteen channels of one sample, or what is left of them. block counts through all samples.
    private static void Block(in CpuTensor from, in CpuTensor to, int block, bool add)
    {
        int blocks = (from.Channels + Lane.Count - 1) / Lane.Count, sample = block / blocks, first = block % blocks * Lane.Count;
        int channels = Math.Min(Lane.Count, from.Channels - first);
        long fromPlane = from.Lanes == 1 ? (long)sample * from.Channels + first : block;
        long toPlane = to.Lanes == 1 ? (long)sample * to.Channels + first : block;
        int planes = to.Lanes == 1 ? channels : 1;
        if (from.Lanes == to.Lanes)
        {
            from.CopyPlanes(fromPlane, to, toPlane, planes, add);
            return;
        }
        // Without borders, a whole plane is one row.
        bool whole = from.IsDense && to.IsDense;
        int rows = whole ? 1 : from.Height, positions = whole ? from.Height * from.Width : from.Width;
        for (int h = 0; h < rows; h++)
        {
            if (to.Lanes == 1) Unpack(from.Row(fromPlane, h), to.Row(toPlane, h), to.PlaneStride, channels, positions, add);
            else Pack(from.Row(fromPlane, h), from.PlaneStride, to.Row(toPlane, h), channels, positions, add);
        }
        for (int i = 0; i < planes && !add; i++) to.ClearBorder(toPlane + i);
    }

    // to[w][c] = from[c][w], and zeros in the channel tail
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Pack(float* from, long stride, float* to, int channels, int positions, bool add)
    {
        int w = 0;
        if (channels == Lane.Count)
        {
            for (; w + 4 <= positions; w += 4)
            {
                for (int c = 0; c < Lane.Count; c += 4)
                {
                    float* source = from + c * stride + w;
                    var (v0, v1, v2, v3) = Lane.Transpose(Vector128.Load(source), Vector128.Load(source + stride),
                        Vector128.Load(source + 2 * stride), Vector128.Load(source + 3 * stride));
                    float* target = to + w * Lane.Count + c;
                    Put(v0, target, add);
                    Put(v1, target + Lane.Count, add);
                    Put(v2, target + 2 * Lane.Count, add);
                    Put(v3, target + 3 * Lane.Count, add);
                }
            }
        }
        for (; w < positions; w++)
        {
            float* target = to + w * Lane.Count;
            for (int c = 0; c < channels; c++) target[c] = (add ? target[c] : 0) + from[c * stride + w];
            for (int c = channels; c < Lane.Count && !add; c++) target[c] = 0;
        }
    }

    // to[c][w] = from[w][c]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Unpack(float* from, float* to, long stride, int channels, int positions, bool add)
    {
        int w = 0;
        if (channels == Lane.Count)
        {
            for (; w + 4 <= positions; w += 4)
            {
                for (int c = 0; c < Lane.Count; c += 4)
                {
                    float* source = from + w * Lane.Count + c;
                    var (v0, v1, v2, v3) = Lane.Transpose(Vector128.Load(source), Vector128.Load(source + Lane.Count),
                        Vector128.Load(source + 2 * Lane.Count), Vector128.Load(source + 3 * Lane.Count));
                    float* target = to + c * stride + w;
                    Put(v0, target, add);
                    Put(v1, target + stride, add);
                    Put(v2, target + 2 * stride, add);
                    Put(v3, target + 3 * stride, add);
                }
            }
        }
        for (; w < positions; w++)
        {
            float* source = from + w * Lane.Count;
            for (int c = 0; c < channels; c++) to[c * stride + w] = (add ? to[c * stride + w] : 0) + source[c];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Put(Vector128<float> value, float* to, bool add) => (add ? value + Vector128.Load(to) : value).Store(to);
}

using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace EvenNet.Kernels.Cpu;

/// <summary>One pass over a blocked output gradient dy: masked by a fused ReLU's output, and summed into the bias's gradient.</summary>
internal sealed unsafe class OutputGradient
{
    private const int Block = HaloLayout.Block;
    private const int Ahead = 1024;         // floats: a page, at which the processor's own look-ahead ends

    private readonly int batch;
    private readonly HaloLayout y, dy;
    private readonly Threads threads;
    private readonly Action<int, int> sweep;
    private readonly double[] sums;         // image × plane × 16
    private float* values, gradient;

    public OutputGradient(int batch, HaloLayout y, HaloLayout dy, Threads threads)
    {
        (this.batch, this.y, this.dy, this.threads, sweep) = (batch, y, dy, threads, Sweep);
        sums = new double[batch * dy.Planes * Block];
    }

    /// <summary>
    /// Where y is given, sets dy to 0 wherever y ≤ 0. Where a bias gradient is given, adds scale · Σ dy over images and positions to it:
    /// rows in float, rows and images in double, always in the same order.
    /// </summary>
    public void Apply(float* y, float* dy, float scale, float* biasGradient)
    {
        if (y == null && biasGradient == null) return;
        values = y;
        gradient = dy;
        threads.For(batch * this.dy.Planes, sweep);
        if (biasGradient == null) return;
        int count = this.dy.Planes * Block;
        fixed (double* totals = sums)
        {
            // Into the first image's.
            for (int o = 0; o < count; o += Vector512<double>.Count)
            {
                Vector512<double> sum = Vector512.Load(totals + o);
                for (int n = 1; n < batch; n++) sum += Vector512.Load(totals + n * count + o);
                sum.Store(totals + o);
            }
            for (int o = 0; o < this.dy.Channels; o++) biasGradient[o] += (float)(scale * totals[o]);
        }
    }

    private void Sweep(int worker, int task)
    {
        int n = task / dy.Planes, plane = task % dy.Planes;
        fixed (double* totals = &sums[task * Block])
        {
            new Span<double>(totals, Block).Clear();
            for (int p = 0; p < dy.Height; p++)
                Row(values == null ? null : values + n * y.Sample + y.At(plane, p, 0), gradient + n * dy.Sample + dy.At(plane, p, 0), dy.Width, totals);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Row(float* y, float* dy, int width, double* totals)
    {
        Vector512<float> sum = default;
        if (y == null)
        {
            for (float* end = dy + width * Block; dy < end; dy += Block)
            {
                Lane.Prefetch(dy + Ahead);
                sum += Vector512.Load(dy);
            }
        }
        else
        {
            for (float* end = dy + width * Block; dy < end; dy += Block, y += Block)
            {
                Lane.Prefetch(y + Ahead);
                Lane.Prefetch(dy + Ahead);
                Vector512<float> d = Vector512.Load(dy) & Vector512.GreaterThan(Vector512.Load(y), default);
                d.Store(dy);
                sum += d;
            }
        }
        (Vector512<double> low, Vector512<double> high) = Vector512.Widen(sum);
        (Vector512.Load(totals) + low).Store(totals);
        (Vector512.Load(totals + Vector512<double>.Count) + high).Store(totals + Vector512<double>.Count);
    }
}

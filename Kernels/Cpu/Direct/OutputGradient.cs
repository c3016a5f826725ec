using System.Runtime.Intrinsics;

namespace EvenNet.Kernels.Cpu;

/// <summary>One pass over a blocked output gradient dy: masked by a fused ReLU's output, and summed into the bias's gradient.</summary>
internal sealed unsafe class OutputGradient
{
    private const int Block = HaloLayout.Block;

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
        for (int o = 0; o < this.dy.Channels; o++)
        {
            double sum = 0;
            for (int n = 0; n < batch; n++) sum += sums[n * this.dy.Planes * Block + o];
            biasGradient[o] += (float)(scale * sum);
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

    private static void Row(float* y, float* dy, int width, double* totals)
    {
        Vector128<float> s0 = default, s1 = default, s2 = default, s3 = default;
        for (float* end = dy + width * Block; dy < end; dy += Block)
        {
            Vector128<float> d0 = Vector128.Load(dy), d1 = Vector128.Load(dy + 4), d2 = Vector128.Load(dy + 8), d3 = Vector128.Load(dy + 12);
            if (y != null)
            {
                d0 &= Vector128.GreaterThan(Vector128.Load(y), default);
                d1 &= Vector128.GreaterThan(Vector128.Load(y + 4), default);
                d2 &= Vector128.GreaterThan(Vector128.Load(y + 8), default);
                d3 &= Vector128.GreaterThan(Vector128.Load(y + 12), default);
                d0.Store(dy);
                d1.Store(dy + 4);
                d2.Store(dy + 8);
                d3.Store(dy + 12);
                y += Block;
            }
            s0 += d0;
            s1 += d1;
            s2 += d2;
            s3 += d3;
        }
        Add(s0, totals);
        Add(s1, totals + 4);
        Add(s2, totals + 8);
        Add(s3, totals + 12);
    }

    private static void Add(Vector128<float> sum, double* totals)
    {
        (Vector128.Load(totals) + Vector128.WidenLower(sum)).Store(totals);
        (Vector128.Load(totals + 2) + Vector128.WidenUpper(sum)).Store(totals + 2);
    }
}

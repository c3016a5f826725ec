using EvenNet.Framework;

namespace EvenNet.Kernels.Cpu;

/// <summary>y[c] = exp(x[c] − m) / Σ exp(x[j] − m) with m = max x, over the channels at every position; sums in double.</summary>
internal sealed unsafe class CpuSoftmax : Kernel
{
    private readonly Threads threads;
    private readonly int samples, channels;
    private readonly bool accumulate;
    private readonly CpuTensor x, y, dx, dy;
    private readonly Action<int, int> forward, backward;

    private CpuSoftmax(Bindings b, Threads threads)
    {
        (this.threads, accumulate) = (threads, b.Accumulate[0]);
        (x, y) = (new CpuTensor(b.Inputs[0]), new CpuTensor(b.Output));
        (samples, channels) = (x.Samples, x.Channels);
        if (b.InputGradients[0] is { } gradient) (dx, dy) = (new CpuTensor(gradient), new CpuTensor(b.OutputGradient!));
        (forward, backward) = (ForwardSample, BackwardSample);
    }

    public static KernelOffer? Offer(KernelRequest r, Threads threads) => r.Layer is Softmax
        ? new("cpu.softmax", [Layout.Plain], LayoutKind.Plain, BackwardReads.Output, b => new CpuSoftmax(b, threads))
        : null;

    public override void Forward(Phase phase) => threads.For(samples, forward);

    public override void Backward() => threads.For(samples, backward);

    /// <summary>The largest of the scores, and Σ exp(score − largest). scores: one position's, a channel every <paramref name="stride"/> floats.</summary>
    internal static (double Largest, double Total) Normaliser(float* scores, int channels, long stride)
    {
        float largest = float.NegativeInfinity;
        for (int c = 0; c < channels; c++) largest = Math.Max(largest, scores[c * stride]);
        double total = 0;
        for (int c = 0; c < channels; c++) total += Math.Exp(scores[c * stride] - (double)largest);
        return (largest, total);
    }

    private void ForwardSample(int worker, int n)
    {
        for (int h = 0; h < x.Height; h++)
        {
            for (int w = 0; w < x.RowLength; w++)
            {
                float* from = x.Row((long)n * channels, h) + w, to = y.Row((long)n * channels, h) + w;
                (double largest, double total) = Normaliser(from, channels, x.PlaneStride);
                for (int c = 0; c < channels; c++) to[c * y.PlaneStride] = (float)(Math.Exp(from[c * x.PlaneStride] - largest) / total);
            }
        }
        for (int c = 0; c < channels; c++) y.ClearBorder((long)n * channels + c);
    }

    // dx[c] = y[c] · (dy[c] − Σ dy[j] · y[j])
    private void BackwardSample(int worker, int n)
    {
        for (int h = 0; h < x.Height; h++)
        {
            for (int w = 0; w < x.RowLength; w++)
            {
                float* p = y.Row((long)n * channels, h) + w, g = dy.Row((long)n * channels, h) + w, to = dx.Row((long)n * channels, h) + w;
                double sum = 0;
                for (int c = 0; c < channels; c++) sum += (double)g[c * dy.PlaneStride] * p[c * y.PlaneStride];
                for (int c = 0; c < channels; c++, to += dx.PlaneStride)
                    *to = (float)((accumulate ? *to : 0) + p[c * y.PlaneStride] * (g[c * dy.PlaneStride] - sum));
            }
        }
        for (int c = 0; c < channels && !accumulate; c++) dx.ClearBorder((long)n * channels + c);
    }
}

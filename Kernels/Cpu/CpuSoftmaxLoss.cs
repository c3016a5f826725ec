using EvenNet.Framework;

namespace EvenNet.Kernels.Cpu;

/// <summary>
/// y[n] = weight / normaliser · Σ −ln p[label] over the positions of sample n, p the softmax of the scores, held above the smallest normal
/// float. dx[c] = dy[n] · weight / normaliser · (p[c] − (c = label ? 1 : 0)), zero where the label is ignored. All sums in double.
/// </summary>
internal sealed unsafe class CpuSoftmaxLoss : Kernel
{
    private const double SmallestNormal = 1.17549435e-38;
    private readonly Threads threads;
    private readonly SoftmaxLoss layer;
    private readonly int samples, channels;
    private readonly bool accumulate;
    private readonly CpuTensor x, labels, y, dx, dy;
    private readonly Action<int, int> forward, backward;
    private double factor;

    private CpuSoftmaxLoss(Bindings b, SoftmaxLoss layer, Threads threads)
    {
        (this.threads, this.layer, accumulate) = (threads, layer, b.Accumulate[0]);
        (x, labels, y) = (new CpuTensor(b.Inputs[0]), new CpuTensor(b.Inputs[1]), new CpuTensor(b.Output));
        (samples, channels) = (x.Samples, x.Channels);
        if (b.InputGradients[0] is { } gradient) (dx, dy) = (new CpuTensor(gradient), new CpuTensor(b.OutputGradient!));
        (forward, backward) = (ForwardSample, BackwardSample);
    }

    public static KernelOffer? Offer(KernelRequest r, Threads threads) => r.Layer is SoftmaxLoss layer
        ? new("cpu.softmax-loss", [Layout.Plain, Layout.Plain], LayoutKind.Plain, BackwardReads.Inputs, b => new CpuSoftmaxLoss(b, layer, threads))
        : null;

    public override void Forward(Phase phase)
    {
        factor = Factor();
        threads.For(samples, forward);
    }

    public override void Backward() => threads.For(samples, backward);

    // weight / normaliser; throws on a label that names no class, before any thread starts.
    private double Factor()
    {
        long all = 0, valid = 0;
        for (int n = 0; n < samples; n++)
        {
            for (int h = 0; h < x.Height; h++)
            {
                float* row = labels.Row(n, h);
                for (int w = 0; w < x.RowLength; w++, all++)
                    if (layer.Class(row[w], channels, n) is not null) valid++;
            }
        }
        return layer.Weight / layer.Normalization.Divisor(samples, all, valid);
    }

    private void ForwardSample(int worker, int n)
    {
        double sum = 0;
        for (int h = 0; h < x.Height; h++)
        {
            for (int w = 0; w < x.RowLength; w++)
            {
                if (layer.Class(labels.Row(n, h)[w], channels, n) is not { } label) continue;
                float* scores = x.Row((long)n * channels, h) + w;
                (double largest, double total) = CpuSoftmax.Normaliser(scores, channels, x.PlaneStride);
                sum -= Math.Log(Math.Max(Math.Exp(scores[label * x.PlaneStride] - largest) / total, SmallestNormal));
            }
        }
        *y.Row(n, 0) = (float)(factor * sum);
        y.ClearBorder(n);
    }

    private void BackwardSample(int worker, int n)
    {
        double g = factor * *dy.Row(n, 0);
        for (int h = 0; h < x.Height; h++)
        {
            for (int w = 0; w < x.RowLength; w++)
            {
                int? label = layer.Class(labels.Row(n, h)[w], channels, n);
                float* scores = x.Row((long)n * channels, h) + w, to = dx.Row((long)n * channels, h) + w;
                (double largest, double total) = CpuSoftmax.Normaliser(scores, channels, x.PlaneStride);
                for (int c = 0; c < channels; c++, to += dx.PlaneStride)
                {
                    double slope = label is null ? 0 : Math.Exp(scores[c * x.PlaneStride] - largest) / total - (c == label ? 1 : 0);
                    *to = (float)((accumulate ? *to : 0) + g * slope);
                }
            }
        }
        for (int c = 0; c < channels && !accumulate; c++) dx.ClearBorder((long)n * channels + c);
    }
}

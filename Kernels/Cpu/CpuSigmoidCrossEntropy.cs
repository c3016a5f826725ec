using EvenNet.Framework;

namespace EvenNet.Kernels.Cpu;

/// <summary>
/// y[n] = weight / normaliser · Σ max(x, 0) − x · t + ln(1 + e^−|x|) over the targets t that are not ignored, in double.
/// dx = dy[n] · weight / normaliser · (σ(x) − t), zero where the target is ignored.
/// </summary>
internal sealed unsafe class CpuSigmoidCrossEntropy : Kernel
{
    private readonly Threads threads;
    private readonly SigmoidCrossEntropy layer;
    private readonly int samples;
    private readonly long count;
    private readonly bool accumulate;
    private readonly CpuTensor x, targets, y, dx, dy;
    private readonly Action<int, int> forward, backward;
    private double factor;

    private CpuSigmoidCrossEntropy(Bindings b, SigmoidCrossEntropy layer, Threads threads)
    {
        (this.threads, this.layer, accumulate) = (threads, layer, b.Accumulate[0]);
        (x, targets, y) = (new CpuTensor(b.Inputs[0]), new CpuTensor(b.Inputs[1]), new CpuTensor(b.Output));
        (samples, count) = (x.Samples, b.Inputs[0].Shape.Count);
        if (b.InputGradients[0] is { } gradient) (dx, dy) = (new CpuTensor(gradient), new CpuTensor(b.OutputGradient!));
        (forward, backward) = (ForwardSample, BackwardSample);
    }

    public static KernelOffer? Offer(KernelRequest r, Threads threads) => r.Layer is SigmoidCrossEntropy layer
        ? new("cpu.sigmoid-cross-entropy", [Layout.Plain, Layout.Plain], LayoutKind.Plain, BackwardReads.Inputs,
            b => new CpuSigmoidCrossEntropy(b, layer, threads))
        : null;

    public override void Forward(Phase phase)
    {
        long all = samples * count, valid = all;
        float* t = targets.Row(0, 0);
        if (layer.IgnoreLabel is not null)
            for (long i = 0; i < all; i++) valid -= IsIgnored(t[i]) ? 1 : 0;
        factor = layer.Weight / layer.Normalization.Divisor(samples, all, valid);
        threads.For(samples, forward);
    }

    public override void Backward() => threads.For(samples, backward);

    private bool IsIgnored(float target) => layer.IgnoreLabel is { } ignore && target == ignore;

    private void ForwardSample(int worker, int n)
    {
        float* scores = x.Row(0, 0) + n * count, t = targets.Row(0, 0) + n * count;
        double sum = 0;
        for (long i = 0; i < count; i++)
        {
            if (IsIgnored(t[i])) continue;
            double score = scores[i];
            sum += Math.Max(score, 0) - score * t[i] + Math.Log(1 + Math.Exp(-Math.Abs(score)));
        }
        *y.Row(n, 0) = (float)(factor * sum);
        y.ClearBorder(n);
    }

    private void BackwardSample(int worker, int n)
    {
        float* scores = x.Row(0, 0) + n * count, t = targets.Row(0, 0) + n * count;
        double g = factor * *dy.Row(n, 0);
        for (int c = 0; c < x.Planes; c++)
        {
            long plane = (long)n * x.Planes + c;
            for (int h = 0; h < x.Height; h++)
            {
                float* to = dx.Row(plane, h);
                for (int w = 0; w < x.RowLength; w++, scores++, t++)
                {
                    double slope = IsIgnored(*t) ? 0 : 1 / (1 + Math.Exp(-(double)*scores)) - *t;
                    to[w] = (float)((accumulate ? to[w] : 0) + g * slope);
                }
            }
            if (!accumulate) dx.ClearBorder(plane);
        }
    }
}

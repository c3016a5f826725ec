using EvenNet.Framework;

namespace EvenNet.Kernels.Cpu;

/// <summary>
/// y[n] = weight / batch · Σ outside · f(inside · (a − t)), in double; da = dy[n] · weight / batch · outside · inside · f′(inside · (a − t)) = −dt.
/// </summary>
internal sealed unsafe class CpuSmoothL1Loss : Kernel
{
    private readonly Threads threads;
    private readonly SmoothL1Loss layer;
    private readonly int samples;
    private readonly long count;
    private readonly bool[] accumulate;
    private readonly CpuTensor predictions, targets, inside, outside, y, dy;
    private readonly CpuTensor[] gradients = new CpuTensor[2];
    private readonly bool[] hasGradient = new bool[2];
    private readonly bool isWeighted;
    private readonly Action<int, int> forward, backward;

    private CpuSmoothL1Loss(Bindings b, SmoothL1Loss layer, Threads threads)
    {
        (this.threads, this.layer, accumulate, isWeighted) = (threads, layer, [.. b.Accumulate.Take(2)], b.Inputs.Count == 4);
        (predictions, targets, y) = (new CpuTensor(b.Inputs[0]), new CpuTensor(b.Inputs[1]), new CpuTensor(b.Output));
        if (isWeighted) (inside, outside) = (new CpuTensor(b.Inputs[2]), new CpuTensor(b.Inputs[3]));
        (samples, count) = (b.Output.Batch, b.Inputs[0].Shape.Count);
        if (b.OutputGradient is { } gradient) dy = new CpuTensor(gradient);
        for (int k = 0; k < 2; k++)
        {
            hasGradient[k] = b.InputGradients[k] is not null;
            if (hasGradient[k]) gradients[k] = new CpuTensor(b.InputGradients[k]!);
        }
        (forward, backward) = (ForwardSample, BackwardSample);
    }

    public static KernelOffer? Offer(KernelRequest r, Threads threads) => r.Layer is SmoothL1Loss layer
        ? new("cpu.smooth-l1-loss", [.. r.Inputs.Select(_ => Layout.Plain)], LayoutKind.Plain, BackwardReads.Inputs, b => new CpuSmoothL1Loss(b, layer, threads))
        : null;

    public override void Forward(Phase phase) => threads.For(samples, forward);

    public override void Backward() => threads.For(samples, backward);

    private void ForwardSample(int worker, int n)
    {
        float* a = Sample(predictions, n), t = Sample(targets, n), inner = isWeighted ? Sample(inside, n) : null, outer = isWeighted ? Sample(outside, n) : null;
        double sum = 0;
        for (long i = 0; i < count; i++)
        {
            double weight = isWeighted ? outer[i] : 1;
            if (weight != 0) sum += weight * layer.Value((isWeighted ? inner[i] : 1.0) * ((double)a[i] - t[i]));
        }
        *y.Row(n, 0) = (float)(layer.Weight * sum / samples);
        y.ClearBorder(n);
    }

    private void BackwardSample(int worker, int n)
    {
        float* a = Sample(predictions, n), t = Sample(targets, n), inner = isWeighted ? Sample(inside, n) : null, outer = isWeighted ? Sample(outside, n) : null;
        double factor = (double)*dy.Row(n, 0) * layer.Weight / samples;
        for (int k = 0; k < 2; k++)
        {
            if (!hasGradient[k]) continue;
            float* to = Sample(gradients[k], n);
            for (long i = 0; i < count; i++)
            {
                double scale = isWeighted ? inner[i] : 1, g = factor * (isWeighted ? outer[i] : 1) * scale * layer.Slope(scale * ((double)a[i] - t[i]));
                to[i] = (float)((accumulate[k] ? to[i] : 0) + (k == 0 ? g : -g));
            }
        }
    }

    private static float* Sample(in CpuTensor tensor, int n) => tensor.Row((long)n * tensor.Planes, 0);
}

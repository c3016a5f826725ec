using EvenNet.Framework;

namespace EvenNet.Kernels.Cpu;

/// <summary>
/// Losses of the distance of two values, Σ (a − b)² over a sample, in double: Euclidean, and contrastive, which looks at a label too. The slope by both is a multiple
/// of a − b: see <see cref="Reference.ReferenceContrastiveLoss"/>.
/// </summary>
internal sealed unsafe class CpuPairLoss : Kernel
{
    private readonly Threads threads;
    private readonly float weight;
    private readonly ContrastiveLoss? contrastive;
    private readonly int samples;
    private readonly long count;
    private readonly IReadOnlyList<bool> accumulate;
    private readonly CpuTensor first, second, labels, y, dy;
    private readonly CpuTensor?[] gradients;
    private readonly Action<int, int> forward, backward;

    private CpuPairLoss(Bindings b, float weight, Threads threads)
    {
        (this.threads, this.weight, contrastive, accumulate) = (threads, weight, b.Request.Layer as ContrastiveLoss, b.Accumulate);
        (first, second, y) = (new CpuTensor(b.Inputs[0]), new CpuTensor(b.Inputs[1]), new CpuTensor(b.Output));
        if (contrastive is not null) labels = new CpuTensor(b.Inputs[2]);
        (samples, count) = (first.Samples, b.Inputs[0].Shape.Count);
        gradients = [b.InputGradients[0] is { } a ? new CpuTensor(a) : null, b.InputGradients[1] is { } other ? new CpuTensor(other) : null];
        if (b.OutputGradient is { } gradient) dy = new CpuTensor(gradient);
        (forward, backward) = (ForwardSample, BackwardSample);
    }

    public static KernelOffer? Offer(KernelRequest r, Threads threads) => r.Layer switch
    {
        EuclideanLoss l => new("cpu.euclidean-loss", [Layout.Plain, Layout.Plain], LayoutKind.Plain, BackwardReads.Inputs, b => new CpuPairLoss(b, l.Weight, threads)),
        ContrastiveLoss l => new("cpu.contrastive-loss", [Layout.Plain, Layout.Plain, Layout.Plain], LayoutKind.Plain, BackwardReads.Inputs, b => new CpuPairLoss(b, l.Weight, threads)),
        _ => null,
    };

    public override void Forward(Phase phase) => threads.For(samples, forward);

    public override void Backward() => threads.For(samples, backward);

    private void ForwardSample(int worker, int n)
    {
        *y.Row(n, 0) = (float)(weight / (2.0 * samples) * Cost(n, Squares(n)));
        y.ClearBorder(n);
    }

    private void BackwardSample(int worker, int n)
    {
        double slope = (double)*dy.Row(n, 0) * weight / samples * Pull(n, contrastive is null ? 0 : Squares(n));
        for (int k = 0; k < 2; k++)
            if (gradients[k] is { } dx) Write(dx, n, k == 0 ? slope : -slope, accumulate[k]);
    }

    private double Cost(int n, double squares)
    {
        if (contrastive is not { } c || IsAlike(n)) return squares;
        double missing = Math.Max(c.Margin - (c.OfSquares ? squares : Math.Sqrt(squares)), 0);
        return c.OfSquares ? missing : missing * missing;
    }

    private double Pull(int n, double squares)
    {
        if (contrastive is not { } c || IsAlike(n)) return 1;
        if (c.OfSquares) return squares < c.Margin ? -1 : 0;
        double distance = Math.Sqrt(squares);
        return distance > 0 && distance < c.Margin ? -(c.Margin - distance) / distance : 0;
    }

    private bool IsAlike(int n) => *labels.Row(n, 0) != 0;

    private double Squares(int n)
    {
        float* a = first.Row(0, 0) + n * count, b = second.Row(0, 0) + n * count;
        double sum = 0;
        for (long i = 0; i < count; i++)
        {
            double difference = (double)a[i] - b[i];
            sum += difference * difference;
        }
        return sum;
    }

    private void Write(in CpuTensor dx, int n, double slope, bool add)
    {
        float* a = first.Row(0, 0) + n * count, b = second.Row(0, 0) + n * count;
        for (int c = 0; c < dx.Planes; c++)
        {
            long plane = (long)n * dx.Planes + c;
            for (int h = 0; h < dx.Height; h++)
            {
                float* to = dx.Row(plane, h);
                for (int w = 0; w < dx.RowLength; w++, a++, b++) to[w] = (float)((add ? to[w] : 0) + slope * ((double)*a - *b));
            }
            if (!add) dx.ClearBorder(plane);
        }
    }
}

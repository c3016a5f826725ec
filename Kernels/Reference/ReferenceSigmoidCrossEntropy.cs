using EvenNet.Framework;

namespace EvenNet.Kernels.Reference;

// y[n] = weight / normaliser · Σ_i max(x, 0) − x · t + ln(1 + e^−|x|) over the targets t that are not ignored
// dx[n,i] = dy[n] · weight / normaliser · (σ(x) − t), zero where the target is ignored
internal sealed class ReferenceSigmoidCrossEntropy(Bindings b, SigmoidCrossEntropy layer) : Kernel
{
    private readonly int batch = b.Output.Batch, count = b.Inputs[0].Shape.Count;
    private readonly Numbers x = new(b.Inputs[0].Region), targets = new(b.Inputs[1].Region), y = new(b.Output.Region);

    public static KernelOffer? Offer(KernelRequest r) => r.Layer is SigmoidCrossEntropy layer
        ? new("reference.sigmoid-cross-entropy", [Layout.Plain, Layout.Plain], LayoutKind.Plain, BackwardReads.Inputs,
            b => new ReferenceSigmoidCrossEntropy(b, layer))
        : null;

    public override void Forward(Phase phase)
    {
        double factor = Factor();
        for (int n = 0; n < batch; n++)
        {
            double sum = 0;
            for (long i = (long)n * count; i < (long)(n + 1) * count; i++)
                if (!IsIgnored(i)) sum += Math.Max(x[i], 0) - x[i] * targets[i] + Math.Log(1 + Math.Exp(-Math.Abs(x[i])));
            y[n] = factor * sum;
        }
    }

    public override void Backward()
    {
        if (b.InputGradients[0] is not { } gradient) return;
        Numbers dx = new(gradient.Region), dy = new(b.OutputGradient!.Region);
        double factor = Factor();
        for (int n = 0; n < batch; n++)
        {
            for (long i = (long)n * count; i < (long)(n + 1) * count; i++)
            {
                double g = IsIgnored(i) ? 0 : 1 / (1 + Math.Exp(-x[i])) - targets[i];
                dx[i] = (b.Accumulate[0] ? dx[i] : 0) + dy[n] * factor * g;
            }
        }
    }

    // weight / normaliser
    private double Factor()
    {
        long all = (long)batch * count, valid = 0;
        for (long i = 0; i < all; i++) valid += IsIgnored(i) ? 0 : 1;
        return layer.Weight / layer.Normalization.Divisor(batch, all, valid);
    }

    private bool IsIgnored(long i) => layer.IgnoreLabel is { } ignore && targets[i] == ignore;
}

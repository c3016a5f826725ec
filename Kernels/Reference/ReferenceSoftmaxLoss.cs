using EvenNet.Framework;

namespace EvenNet.Kernels.Reference;

// y[n] = weight / normaliser · Σ_i −ln max(p[n,label[n,i],i], smallest normal float), p = softmax of the scores over the channels
// dx[n,c,i] = dy[n] · weight / normaliser · (p[n,c,i] − (c = label[n,i] ? 1 : 0)), zero where the label is ignored
internal sealed class ReferenceSoftmaxLoss(Bindings b, SoftmaxLoss layer) : Kernel
{
    private const double SmallestNormal = 1.17549435e-38;
    private readonly int batch = b.Output.Batch, channels = b.Inputs[0].Shape.Channels, plane = b.Inputs[0].Shape.Plane;
    private readonly Numbers x = new(b.Inputs[0].Region), labels = new(b.Inputs[1].Region), y = new(b.Output.Region);

    public static KernelOffer? Offer(KernelRequest r) => r.Layer is SoftmaxLoss layer
        ? new("reference.softmax-loss", [Layout.Plain, Layout.Plain], LayoutKind.Plain, BackwardReads.Inputs, b => new ReferenceSoftmaxLoss(b, layer))
        : null;

    public override void Forward(Phase phase)
    {
        double factor = Factor();
        for (int n = 0; n < batch; n++)
        {
            double sum = 0;
            for (int i = 0; i < plane; i++)
            {
                if (Label(n, i) is not { } label) continue;
                (double m, double total) = Normaliser(n, i);
                sum -= Math.Log(Math.Max(Math.Exp(x[At(n, label, i)] - m) / total, SmallestNormal));
            }
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
            for (int i = 0; i < plane; i++)
            {
                int? label = Label(n, i);
                (double m, double total) = Normaliser(n, i);
                for (int c = 0; c < channels; c++)
                {
                    long xi = At(n, c, i);
                    double g = label is null ? 0 : Math.Exp(x[xi] - m) / total - (c == label ? 1 : 0);
                    dx[xi] = (b.Accumulate[0] ? dx[xi] : 0) + dy[n] * factor * g;
                }
            }
        }
    }

    // weight / normaliser
    private double Factor()
    {
        int valid = 0;
        for (int n = 0; n < batch; n++)
            for (int i = 0; i < plane; i++) valid += Label(n, i) is null ? 0 : 1;
        return layer.Weight / layer.Normalization.Divisor(batch, (long)batch * plane, valid);
    }

    // p[c] = exp(x[c] − m) / total
    private (double M, double Total) Normaliser(int n, int i)
    {
        double m = double.NegativeInfinity, total = 0;
        for (int c = 0; c < channels; c++) m = Math.Max(m, x[At(n, c, i)]);
        for (int c = 0; c < channels; c++) total += Math.Exp(x[At(n, c, i)] - m);
        return (m, total);
    }

    private int? Label(int n, int i) => layer.Class(labels[(long)n * plane + i], channels, n);

    private long At(int n, int c, int i) => ((long)n * channels + c) * plane + i;
}

using EvenNet.Framework;

namespace EvenNet.Kernels.Reference;

// y[c] = exp(x[c] − m) / Σ_j exp(x[j] − m) with m = max x, over the channels at every position
// dx[c] = y[c] · (dy[c] − Σ_j dy[j] · y[j])
internal sealed class ReferenceSoftmax(Bindings b) : Kernel
{
    private readonly int channels = b.Output.Shape.Channels, plane = b.Output.Shape.Plane;
    private readonly Numbers x = new(b.Inputs[0].Region), y = new(b.Output.Region);

    public static KernelOffer? Offer(KernelRequest r) => r.Layer is Softmax
        ? new("reference.softmax", [Layout.Plain], LayoutKind.Plain, BackwardReads.Output, b => new ReferenceSoftmax(b))
        : null;

    public override void Forward(Phase phase)
    {
        for (int n = 0; n < b.Output.Batch; n++)
        {
            for (int i = 0; i < plane; i++)
            {
                double m = double.NegativeInfinity, sum = 0;
                for (int c = 0; c < channels; c++) m = Math.Max(m, x[At(n, c, i)]);
                for (int c = 0; c < channels; c++) sum += Math.Exp(x[At(n, c, i)] - m);
                for (int c = 0; c < channels; c++) y[At(n, c, i)] = Math.Exp(x[At(n, c, i)] - m) / sum;
            }
        }
    }

    public override void Backward()
    {
        if (b.InputGradients[0] is not { } gradient) return;
        Numbers dx = new(gradient.Region), dy = new(b.OutputGradient!.Region);
        for (int n = 0; n < b.Output.Batch; n++)
        {
            for (int i = 0; i < plane; i++)
            {
                double sum = 0;
                for (int c = 0; c < channels; c++) sum += dy[At(n, c, i)] * y[At(n, c, i)];
                for (int c = 0; c < channels; c++)
                {
                    long xi = At(n, c, i);
                    dx[xi] = (b.Accumulate[0] ? dx[xi] : 0) + y[xi] * (dy[xi] - sum);
                }
            }
        }
    }

    private long At(int n, int c, int i) => ((long)n * channels + c) * plane + i;
}

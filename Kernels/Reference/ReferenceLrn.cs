using EvenNet.Framework;

namespace EvenNet.Kernels.Reference;

// y[c] = x[c] · t[c]^−β with t[c] = k + α/size · Σ x[j]² over the size channels j around c
// dx[c] = dy[c] · t[c]^−β − 2αβ/size · x[c] · Σ dy[j] · x[j] · t[j]^(−β−1) over the same channels: j is near c as c is near j
internal sealed class ReferenceLrn(Bindings b, Lrn layer) : Kernel
{
    private readonly int channels = b.Output.Shape.Channels, plane = b.Output.Shape.Plane;
    private readonly Numbers x = new(b.Inputs[0].Region), y = new(b.Output.Region);
    private readonly double perChannel = (double)layer.Alpha / layer.Size, beta = layer.Beta;

    public static KernelOffer? Offer(KernelRequest r) => r.Layer is Lrn layer
        ? new("reference.lrn", [Layout.Plain], LayoutKind.Plain, BackwardReads.Inputs, b => new ReferenceLrn(b, layer))
        : null;

    public override void Forward(Phase phase)
    {
        for (int n = 0; n < b.Output.Batch; n++)
            for (int c = 0; c < channels; c++)
                for (int i = 0; i < plane; i++) y[At(n, c, i)] = x[At(n, c, i)] * Math.Pow(T(n, c, i), -beta);
    }

    public override void Backward()
    {
        if (b.InputGradients[0] is not { } gradient) return;
        Numbers dx = new(gradient.Region), dy = new(b.OutputGradient!.Region);
        for (int n = 0; n < b.Output.Batch; n++)
        {
            for (int c = 0; c < channels; c++)
            {
                for (int i = 0; i < plane; i++)
                {
                    double sum = 0;
                    for (int j = First(c); j <= Last(c); j++) sum += dy[At(n, j, i)] * x[At(n, j, i)] * Math.Pow(T(n, j, i), -beta - 1);
                    long xi = At(n, c, i);
                    dx[xi] = (b.Accumulate[0] ? dx[xi] : 0) + dy[xi] * Math.Pow(T(n, c, i), -beta) - 2 * perChannel * beta * x[xi] * sum;
                }
            }
        }
    }

    private double T(int n, int c, int i)
    {
        double squares = 0;
        for (int j = First(c); j <= Last(c); j++) squares += x[At(n, j, i)] * x[At(n, j, i)];
        return layer.K + perChannel * squares;
    }

    private int First(int c) => Math.Max(c - layer.Size / 2, 0);

    private int Last(int c) => Math.Min(c + layer.Size / 2, channels - 1);

    private long At(int n, int c, int i) => ((long)n * channels + c) * plane + i;
}

using EvenNet.Framework;

namespace EvenNet.Kernels.Reference;

// y = x · t^−β with t = 1 + α/size² · Σ x² over the size × size window around the position, cut off at the image
// dx[i] = dy[i] · t[i]^−β − 2αβ/size² · x[i] · Σ dy[j] · x[j] · t[j]^(−β−1) over the same window: j is near i as i is near j
internal sealed class ReferenceLrnWithin(Bindings b, LrnWithin layer) : Kernel
{
    private readonly Shape shape = b.Output.Shape;
    private readonly Numbers x = new(b.Inputs[0].Region), y = new(b.Output.Region);
    private readonly double perPosition = (double)layer.Alpha / (layer.Size * layer.Size), beta = layer.Beta;

    public static KernelOffer? Offer(KernelRequest r) => r.Layer is LrnWithin layer
        ? new("reference.lrn-within", [Layout.Plain], LayoutKind.Plain, BackwardReads.Inputs, b => new ReferenceLrnWithin(b, layer))
        : null;

    public override void Forward(Phase phase)
    {
        for (long plane = 0; plane < (long)b.Output.Batch * shape.Channels; plane++)
        {
            for (int h = 0; h < shape.Height; h++)
                for (int w = 0; w < shape.Width; w++) y[At(plane, h, w)] = x[At(plane, h, w)] * Math.Pow(T(plane, h, w), -beta);
        }
    }

    public override void Backward()
    {
        if (b.InputGradients[0] is not { } gradient) return;
        Numbers dx = new(gradient.Region), dy = new(b.OutputGradient!.Region);
        for (long plane = 0; plane < (long)b.Output.Batch * shape.Channels; plane++)
        {
            for (int h = 0; h < shape.Height; h++)
            {
                for (int w = 0; w < shape.Width; w++)
                {
                    double sum = 0;
                    for (int r = First(h); r <= Last(h, shape.Height); r++)
                    {
                        for (int s = First(w); s <= Last(w, shape.Width); s++)
                            sum += dy[At(plane, r, s)] * x[At(plane, r, s)] * Math.Pow(T(plane, r, s), -beta - 1);
                    }
                    long xi = At(plane, h, w);
                    dx[xi] = (b.Accumulate[0] ? dx[xi] : 0) + dy[xi] * Math.Pow(T(plane, h, w), -beta) - 2 * perPosition * beta * x[xi] * sum;
                }
            }
        }
    }

    private double T(long plane, int h, int w)
    {
        double squares = 0;
        for (int r = First(h); r <= Last(h, shape.Height); r++)
            for (int s = First(w); s <= Last(w, shape.Width); s++) squares += x[At(plane, r, s)] * x[At(plane, r, s)];
        return 1 + perPosition * squares;
    }

    private int First(int i) => Math.Max(i - layer.Size / 2, 0);

    private int Last(int i, int count) => Math.Min(i + layer.Size / 2, count - 1);

    private long At(long plane, int h, int w) => plane * shape.Plane + h * shape.Width + w;
}

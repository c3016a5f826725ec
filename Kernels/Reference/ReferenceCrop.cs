using EvenNet.Framework;

namespace EvenNet.Kernels.Reference;

// y[n,c,p,q] = x[n, channel + c, row + p, column + q]
internal sealed class ReferenceCrop(Bindings b, Crop layer) : Kernel
{
    private readonly Shape xs = b.Inputs[0].Shape, ys = b.Output.Shape;
    private readonly Numbers x = new(b.Inputs[0].Region), y = new(b.Output.Region);

    public static KernelOffer? Offer(KernelRequest r) => r.Layer is Crop layer
        ? new("reference.crop", [Layout.Plain], LayoutKind.Plain, BackwardReads.None, b => new ReferenceCrop(b, layer))
        : null;

    public override void Forward(Phase phase)
    {
        for (long i = 0; i < b.Output.Count; i++) y[i] = x[Source(i)];
    }

    public override void Backward()
    {
        if (b.InputGradients[0] is not { } gradient) return;
        if (!b.Accumulate[0]) gradient.Clear();
        Numbers dx = new(gradient.Region), dy = new(b.OutputGradient!.Region);
        for (long i = 0; i < b.Output.Count; i++) dx[Source(i)] += dy[i];
    }

    // Where the output's element i lies in the input.
    private long Source(long i)
    {
        long q = i % ys.Width, p = i / ys.Width % ys.Height, c = i / ys.Plane % ys.Channels, n = i / ys.Count;
        return ((n * xs.Channels + layer.Channel + c) * xs.Height + layer.Row + p) * xs.Width + layer.Column + q;
    }
}

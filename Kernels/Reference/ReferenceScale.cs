using EvenNet.Framework;

namespace EvenNet.Kernels.Reference;

// y[c] = w[c] · x[c] + b[c]
internal sealed class ReferenceScale(Bindings b) : Kernel
{
    private readonly int channels = b.Output.Shape.Channels, plane = b.Output.Shape.Plane;
    private readonly Numbers x = new(b.Inputs[0].Region), y = new(b.Output.Region);
    private readonly Parameter weight = b["weight"];
    private readonly Parameter? bias = b.Find("bias");

    public static KernelOffer? Offer(KernelRequest r) => r.Layer is Scale
        ? new("reference.scale", [Layout.Plain], LayoutKind.Plain, BackwardReads.Inputs, b => new ReferenceScale(b))
        : null;

    public override void Forward(Phase phase)
    {
        Numbers w = new(weight.Values);
        for (long i = 0; i < b.Output.Count; i++) y[i] = w[Channel(i)] * x[i] + (bias is null ? 0 : new Numbers(bias.Values)[Channel(i)]);
    }

    public override void Backward()
    {
        Numbers w = new(weight.Values), dy = new(b.OutputGradient!.Region);
        Numbers dx = b.InputGradients[0] is { } gradient ? new(gradient.Region) : default;
        Numbers dw = b.ParameterGradients ? new(weight.Gradients) : default, db = b.ParameterGradients && bias is not null ? new(bias.Gradients) : default;
        for (long i = 0; i < b.Output.Count; i++)
        {
            long c = Channel(i);
            if (b.ParameterGradients) dw[c] += dy[i] * x[i];
            if (b.ParameterGradients && bias is not null) db[c] += dy[i];
            if (b.InputGradients[0] is not null) dx[i] = (b.Accumulate[0] ? dx[i] : 0) + w[c] * dy[i];
        }
    }

    private long Channel(long i) => i / plane % channels;
}

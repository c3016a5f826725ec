using EvenNet.Framework;

namespace EvenNet.Kernels.Reference;

// y[c] = x[c] where x[c] > 0, else slope[c] · x[c]; dSlope[c] = Σ dy[c] · x[c] over x[c] ≤ 0
internal sealed class ReferencePRelu(Bindings b, bool shared) : Kernel
{
    private readonly int channels = b.Output.Shape.Channels, plane = b.Output.Shape.Plane;
    private readonly Numbers x = new(b.Inputs[0].Region), y = new(b.Output.Region);
    private readonly Parameter slope = b["slope"];

    public static KernelOffer? Offer(KernelRequest r) => r.Layer is PRelu layer
        ? new("reference.prelu", [Layout.Plain], LayoutKind.Plain, BackwardReads.Inputs, b => new ReferencePRelu(b, layer.Shared))
        : null;

    public override void Forward(Phase phase)
    {
        Numbers a = new(slope.Values);
        for (long i = 0; i < b.Output.Count; i++) y[i] = x[i] > 0 ? x[i] : a[Channel(i)] * x[i];
    }

    public override void Backward()
    {
        Numbers a = new(slope.Values), dy = new(b.OutputGradient!.Region);
        Numbers dx = b.InputGradients[0] is { } gradient ? new(gradient.Region) : default, da = b.ParameterGradients ? new(slope.Gradients) : default;
        for (long i = 0; i < b.Output.Count; i++)
        {
            long c = Channel(i);
            if (b.ParameterGradients && x[i] <= 0) da[c] += dy[i] * x[i];
            if (b.InputGradients[0] is not null) dx[i] = (b.Accumulate[0] ? dx[i] : 0) + (x[i] > 0 ? 1 : a[c]) * dy[i];
        }
    }

    private long Channel(long i) => shared ? 0 : i / plane % channels;
}

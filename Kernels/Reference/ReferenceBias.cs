using EvenNet.Framework;

namespace EvenNet.Kernels.Reference;

// y[c] = x[c] + bias[c]
internal sealed class ReferenceBias(Bindings b) : Kernel
{
    private readonly int channels = b.Output.Shape.Channels, plane = b.Output.Shape.Plane;
    private readonly Numbers x = new(b.Inputs[0].Region), y = new(b.Output.Region);
    private readonly Parameter bias = b["bias"];

    public static KernelOffer? Offer(KernelRequest r) => r.Layer is Bias
        ? new("reference.bias", [Layout.Plain], LayoutKind.Plain, BackwardReads.None, b => new ReferenceBias(b))
        : null;

    public override void Forward(Phase phase)
    {
        var shift = new Numbers(bias.Values);
        for (long i = 0; i < b.Output.Count; i++) y[i] = x[i] + shift[i / plane % channels];
    }

    public override void Backward()
    {
        var dy = new Numbers(b.OutputGradient!.Region);
        if (b.ParameterGradients)
        {
            var dBias = new Numbers(bias.Gradients);
            for (long i = 0; i < b.Output.Count; i++) dBias[i / plane % channels] += dy[i];
        }
        if (b.InputGradients[0] is not { } gradient) return;
        var dx = new Numbers(gradient.Region);
        for (long i = 0; i < b.Output.Count; i++) dx[i] = (b.Accumulate[0] ? dx[i] : 0) + dy[i];
    }
}

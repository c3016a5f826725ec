using EvenNet.Framework;

namespace EvenNet.Kernels.Reference;

// y = tanh(x), dy/dx = 1 − tanh²(x)
internal sealed class ReferenceTanh(Bindings b) : Kernel
{
    private readonly Numbers x = new(b.Inputs[0].Region), y = new(b.Output.Region);

    public static KernelOffer? Offer(KernelRequest r) => r.Layer is Tanh
        ? new("reference.tanh", [Layout.Plain], LayoutKind.Plain, BackwardReads.Inputs, b => new ReferenceTanh(b))
        : null;

    public override void Forward(Phase phase)
    {
        for (long i = 0; i < b.Output.Count; i++) y[i] = Math.Tanh(x[i]);
    }

    public override void Backward()
    {
        if (b.InputGradients[0] is not { } gradient) return;
        Numbers dx = new(gradient.Region), dy = new(b.OutputGradient!.Region);
        for (long i = 0; i < b.Output.Count; i++) dx[i] = (b.Accumulate[0] ? dx[i] : 0) + dy[i] * (1 - Math.Tanh(x[i]) * Math.Tanh(x[i]));
    }
}

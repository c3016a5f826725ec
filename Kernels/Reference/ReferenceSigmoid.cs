using EvenNet.Framework;

namespace EvenNet.Kernels.Reference;

// y = σ(x) = 1 / (1 + e⁻ˣ), dy/dx = σ(x) · σ(−x)
internal sealed class ReferenceSigmoid(Bindings b) : Kernel
{
    private readonly Numbers x = new(b.Inputs[0].Region), y = new(b.Output.Region);

    public static KernelOffer? Offer(KernelRequest r) => r.Layer is Sigmoid
        ? new("reference.sigmoid", [Layout.Plain], LayoutKind.Plain, BackwardReads.Inputs, b => new ReferenceSigmoid(b))
        : null;

    public override void Forward(Phase phase)
    {
        for (long i = 0; i < b.Output.Count; i++) y[i] = Curve(x[i]);
    }

    public override void Backward()
    {
        if (b.InputGradients[0] is not { } gradient) return;
        Numbers dx = new(gradient.Region), dy = new(b.OutputGradient!.Region);
        for (long i = 0; i < b.Output.Count; i++) dx[i] = (b.Accumulate[0] ? dx[i] : 0) + dy[i] * Curve(x[i]) * Curve(-x[i]);
    }

    private static double Curve(double x) => 1 / (1 + Math.Exp(-x));
}

using EvenNet.Framework;

namespace EvenNet.Kernels.Reference;

// y = x where x > 0, else α · (eˣ − 1)
internal sealed class ReferenceElu(Bindings b, double alpha) : Kernel
{
    private readonly Numbers x = new(b.Inputs[0].Region), y = new(b.Output.Region);

    public static KernelOffer? Offer(KernelRequest r) => r.Layer is Elu elu
        ? new("reference.elu", [Layout.Plain], LayoutKind.Plain, BackwardReads.Inputs, b => new ReferenceElu(b, elu.Alpha))
        : null;

    public override void Forward(Phase phase)
    {
        for (long i = 0; i < b.Output.Count; i++) y[i] = x[i] > 0 ? x[i] : alpha * (Math.Exp(x[i]) - 1);
    }

    public override void Backward()
    {
        if (b.InputGradients[0] is not { } gradient) return;
        Numbers dx = new(gradient.Region), dy = new(b.OutputGradient!.Region);
        for (long i = 0; i < b.Output.Count; i++) dx[i] = (b.Accumulate[0] ? dx[i] : 0) + dy[i] * (x[i] > 0 ? 1 : alpha * Math.Exp(x[i]));
    }
}

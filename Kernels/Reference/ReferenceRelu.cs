using EvenNet.Framework;

namespace EvenNet.Kernels.Reference;

// y = x where x > 0, else slope · x
internal sealed class ReferenceRelu(Bindings b, double slope) : Kernel
{
    private readonly Numbers x = new(b.Inputs[0].Region), y = new(b.Output.Region);

    public static KernelOffer? Offer(KernelRequest r) => r.Layer is Relu relu
        ? new("reference.relu", [Layout.Plain], LayoutKind.Plain, BackwardReads.Inputs, b => new ReferenceRelu(b, relu.Slope))
        : null;

    public override void Forward(Phase phase)
    {
        for (long i = 0; i < b.Output.Count; i++) y[i] = x[i] > 0 ? x[i] : slope * x[i];
    }

    public override void Backward()
    {
        if (b.InputGradients[0] is not { } gradient) return;
        Numbers dx = new(gradient.Region), dy = new(b.OutputGradient!.Region);
        for (long i = 0; i < b.Output.Count; i++)
            dx[i] = (b.Accumulate[0] ? dx[i] : 0) + (x[i] > 0 ? dy[i] : slope * dy[i]);
    }
}

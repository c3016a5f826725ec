using EvenNet.Framework;

namespace EvenNet.Kernels.Reference;

// y[c] = x[c] for the channels of x, 0 for those after them
internal sealed class ReferenceChannelPad(Bindings b) : Kernel
{
    private readonly int inputs = b.Inputs[0].Shape.Count, outputs = b.Output.Shape.Count;
    private readonly Numbers x = new(b.Inputs[0].Region), y = new(b.Output.Region);

    public static KernelOffer? Offer(KernelRequest r) => r.Layer is ChannelPad
        ? new("reference.channel-pad", [Layout.Plain], LayoutKind.Plain, BackwardReads.None, b => new ReferenceChannelPad(b))
        : null;

    public override void Forward(Phase phase)
    {
        for (int n = 0; n < b.Output.Batch; n++)
            for (int i = 0; i < outputs; i++) y[(long)n * outputs + i] = i < inputs ? x[(long)n * inputs + i] : 0;
    }

    public override void Backward()
    {
        if (b.InputGradients[0] is not { } gradient) return;
        Numbers dx = new(gradient.Region), dy = new(b.OutputGradient!.Region);
        for (int n = 0; n < b.Output.Batch; n++)
            for (int i = 0; i < inputs; i++) dx[(long)n * inputs + i] = (b.Accumulate[0] ? dx[(long)n * inputs + i] : 0) + dy[(long)n * outputs + i];
    }
}

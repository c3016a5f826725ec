using EvenNet.Framework;

namespace EvenNet.Kernels.Reference;

// y[i] = x[i] / (1 − rate) where i is kept, else 0; in testing y = x. Backward decides again what the last forward pass kept.
internal sealed class ReferenceDropout(Bindings b, Dropout layer) : Kernel
{
    private readonly Numbers x = new(b.Inputs[0].Region), y = new(b.Output.Region);
    private readonly double scale = 1 / (1 - (double)layer.Rate);
    private uint draws;
    private bool isActive;

    public static KernelOffer? Offer(KernelRequest r) => r.Layer is Dropout layer
        ? new("reference.dropout", [Layout.Plain], LayoutKind.Plain, BackwardReads.None, b => new ReferenceDropout(b, layer))
        : null;

    public override void BeginPass(uint pass) => draws = pass;

    public override void Forward(Phase phase)
    {
        isActive = phase == Phase.Train;
        if (isActive) draws++;
        for (long i = 0; i < b.Output.Count; i++) y[i] = x[i] * Factor(i);
    }

    public override void Backward()
    {
        if (b.InputGradients[0] is not { } gradient) return;
        Numbers dx = new(gradient.Region), dy = new(b.OutputGradient!.Region);
        for (long i = 0; i < b.Output.Count; i++) dx[i] = (b.Accumulate[0] ? dx[i] : 0) + dy[i] * Factor(i);
    }

    // i counts in logical order, samples × channels × height × width, so that masks agree whatever the backend and the layout.
    private double Factor(long i) => !isActive ? 1 : layer.Keeps(b.Random.Seed, b.Random.Stream, draws - 1, i) ? scale : 0;
}

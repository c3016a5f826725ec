using EvenNet.Framework;

namespace EvenNet.Kernels.Reference;

// The same value in another order in memory; also blocked ones, which the reference itself never asks for.
internal sealed class ReferenceReorder(Bindings b) : Kernel
{
    public static KernelOffer? Offer(KernelRequest r) => r.Layer is Reorder reorder
        ? new("reference.reorder", [new Layout(r.Arrives[0])], reorder.To.Kind, BackwardReads.None, b => new ReferenceReorder(b))
        : null;

    public override void Forward(Phase phase) => b.Output.Write(b.Inputs[0].ReadExact());

    public override void Backward()
    {
        if (b.InputGradients[0] is not { } gradient) return;
        double[] sum = b.OutputGradient!.ReadExact();
        if (b.Accumulate[0])
        {
            double[] before = gradient.ReadExact();
            for (int i = 0; i < sum.Length; i++) sum[i] += before[i];
        }
        gradient.Write(sum);
    }
}

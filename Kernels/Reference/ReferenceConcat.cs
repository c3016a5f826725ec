using EvenNet.Framework;

namespace EvenNet.Kernels.Reference;

// The inputs' channels one after the other.
internal sealed class ReferenceConcat(Bindings b) : Kernel
{
    private readonly Numbers y = new(b.Output.Region);

    public static KernelOffer? Offer(KernelRequest r) => r.Layer is Concat
        ? new("reference.concat", [.. r.Inputs.Select(_ => Layout.Plain)], LayoutKind.Plain, BackwardReads.None, b => new ReferenceConcat(b))
        : null;

    public override void Forward(Phase phase)
    {
        long at = 0;
        foreach (Tensor input in b.Inputs)
        {
            var x = new Numbers(input.Region);
            for (int n = 0; n < input.Batch; n++)
                for (int i = 0; i < input.Shape.Count; i++) y[(long)n * b.Output.Shape.Count + at + i] = x[(long)n * input.Shape.Count + i];
            at += input.Shape.Count;
        }
    }

    public override void Backward()
    {
        var dy = new Numbers(b.OutputGradient!.Region);
        long at = 0;
        for (int k = 0; k < b.Inputs.Count; at += b.Inputs[k++].Shape.Count)
        {
            if (b.InputGradients[k] is not { } gradient) continue;
            var dx = new Numbers(gradient.Region);
            for (int n = 0; n < gradient.Batch; n++)
            {
                for (int i = 0; i < gradient.Shape.Count; i++)
                {
                    long xi = (long)n * gradient.Shape.Count + i;
                    dx[xi] = (b.Accumulate[k] ? dx[xi] : 0) + dy[(long)n * b.Output.Shape.Count + at + i];
                }
            }
        }
    }
}

using EvenNet.Framework;

namespace EvenNet.Kernels.Reference;

// y[n] = weight / batch · Σ_i outside · f(inside · (a − t))
// da[n,i] = dy[n] · weight / batch · outside · inside · f′(inside · (a − t)) = −dt[n,i]
internal sealed class ReferenceSmoothL1Loss(Bindings b, SmoothL1Loss layer) : Kernel
{
    private readonly int batch = b.Output.Batch, count = b.Inputs[0].Shape.Count;
    private readonly Numbers[] inputs = [.. b.Inputs.Select(i => new Numbers(i.Region))];
    private readonly Numbers y = new(b.Output.Region);

    public static KernelOffer? Offer(KernelRequest r) => r.Layer is SmoothL1Loss layer
        ? new("reference.smooth-l1-loss", [.. r.Inputs.Select(_ => Layout.Plain)], LayoutKind.Plain, BackwardReads.Inputs, b => new ReferenceSmoothL1Loss(b, layer))
        : null;

    public override void Forward(Phase phase)
    {
        for (int n = 0; n < batch; n++)
        {
            double sum = 0;
            for (long i = (long)n * count; i < (long)(n + 1) * count; i++) sum += Outside(i) * layer.Value(Distance(i));
            y[n] = layer.Weight * sum / batch;
        }
    }

    public override void Backward()
    {
        var dy = new Numbers(b.OutputGradient!.Region);
        for (int k = 0; k < 2; k++)
        {
            if (b.InputGradients[k] is not { } gradient) continue;
            var dx = new Numbers(gradient.Region);
            for (long i = 0; i < (long)batch * count; i++)
            {
                double g = dy[i / count] * layer.Weight / batch * Outside(i) * Inside(i) * layer.Slope(Distance(i));
                dx[i] = (b.Accumulate[k] ? dx[i] : 0) + (k == 0 ? g : -g);
            }
        }
    }

    private double Distance(long i) => Inside(i) * (inputs[0][i] - inputs[1][i]);

    private double Inside(long i) => inputs.Length == 4 ? inputs[2][i] : 1;

    private double Outside(long i) => inputs.Length == 4 ? inputs[3][i] : 1;
}

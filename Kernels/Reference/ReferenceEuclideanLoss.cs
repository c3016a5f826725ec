using EvenNet.Framework;

namespace EvenNet.Kernels.Reference;

// y[n] = weight / (2 · batch) · Σ_i (a − b)²
// da[n,i] = dy[n] · weight / batch · (a − b) = −db[n,i]
internal sealed class ReferenceEuclideanLoss(Bindings b, EuclideanLoss layer) : Kernel
{
    private readonly int batch = b.Output.Batch, count = b.Inputs[0].Shape.Count;
    private readonly Numbers first = new(b.Inputs[0].Region), second = new(b.Inputs[1].Region), y = new(b.Output.Region);

    public static KernelOffer? Offer(KernelRequest r) => r.Layer is EuclideanLoss layer
        ? new("reference.euclidean-loss", [Layout.Plain, Layout.Plain], LayoutKind.Plain, BackwardReads.Inputs, b => new ReferenceEuclideanLoss(b, layer))
        : null;

    public override void Forward(Phase phase)
    {
        for (int n = 0; n < batch; n++)
        {
            double sum = 0;
            for (long i = (long)n * count; i < (long)(n + 1) * count; i++) sum += (first[i] - second[i]) * (first[i] - second[i]);
            y[n] = layer.Weight * sum / (2 * batch);
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
                dx[i] = (b.Accumulate[k] ? dx[i] : 0) + dy[i / count] * layer.Weight / batch * (k == 0 ? first[i] - second[i] : second[i] - first[i]);
        }
    }
}

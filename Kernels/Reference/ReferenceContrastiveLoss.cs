using EvenNet.Framework;

namespace EvenNet.Kernels.Reference;

// d² = Σ_i (a − b)²;  y[n] = weight / (2 · batch) · (alike ? d² : max(margin − d, 0)²), of squares max(margin − d², 0)
// da[n,i] = dy[n] · weight / batch · k · (a − b) = −db[n,i], where k = alike ? 1 : d < margin ? −(margin − d) / d : 0, of squares −1.
// Two that are not alike and lie on one another have no direction in which to part: k = 0. (Caffe adds 1e-4 to the divisor.)
internal sealed class ReferenceContrastiveLoss(Bindings b, ContrastiveLoss layer) : Kernel
{
    private readonly int batch = b.Output.Batch, count = b.Inputs[0].Shape.Count;
    private readonly Numbers first = new(b.Inputs[0].Region), second = new(b.Inputs[1].Region), label = new(b.Inputs[2].Region), y = new(b.Output.Region);

    public static KernelOffer? Offer(KernelRequest r) => r.Layer is ContrastiveLoss layer
        ? new("reference.contrastive-loss", [Layout.Plain, Layout.Plain, Layout.Plain], LayoutKind.Plain, BackwardReads.Inputs, b => new ReferenceContrastiveLoss(b, layer))
        : null;

    public override void Forward(Phase phase)
    {
        for (int n = 0; n < batch; n++)
        {
            double squares = Squares(n), missing = Math.Max(layer.Margin - (layer.OfSquares ? squares : Math.Sqrt(squares)), 0);
            y[n] = layer.Weight / (2.0 * batch) * (label[n] != 0 ? squares : layer.OfSquares ? missing : missing * missing);
        }
    }

    public override void Backward()
    {
        var dy = new Numbers(b.OutputGradient!.Region);
        for (int k = 0; k < 2; k++)
        {
            if (b.InputGradients[k] is not { } gradient) continue;
            var dx = new Numbers(gradient.Region);
            for (int n = 0; n < batch; n++)
            {
                double slope = dy[n] * layer.Weight / batch * Pull(n) * (k == 0 ? 1 : -1);
                for (long i = (long)n * count; i < (long)(n + 1) * count; i++)
                    dx[i] = (b.Accumulate[k] ? dx[i] : 0) + slope * (first[i] - second[i]);
            }
        }
    }

    private double Pull(int n)
    {
        if (label[n] != 0) return 1;
        double squares = Squares(n), distance = Math.Sqrt(squares);
        if (layer.OfSquares) return squares < layer.Margin ? -1 : 0;
        return distance > 0 && distance < layer.Margin ? -(layer.Margin - distance) / distance : 0;
    }

    private double Squares(int n)
    {
        double sum = 0;
        for (long i = (long)n * count; i < (long)(n + 1) * count; i++) sum += (first[i] - second[i]) * (first[i] - second[i]);
        return sum;
    }
}

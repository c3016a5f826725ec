using EvenNet.Framework;

namespace EvenNet.Kernels.Reference;

// y[c] = (x[c] − μ[c]) / √(σ²[c] + ε); μ and σ² are the batch's, or in testing the running ones
// dx[c] = (dy[c] − mean(dy[c]) − y[c] · mean(dy[c] · y[c])) / √(σ²[c] + ε); in testing dy[c] / √(σ²[c] + ε)
internal sealed class ReferenceBatchNorm(Bindings b, BatchNorm layer) : Kernel
{
    private readonly int channels = b.Output.Shape.Channels, plane = b.Output.Shape.Plane;
    private readonly Numbers x = new(b.Inputs[0].Region), y = new(b.Output.Region);
    private readonly Parameter meanSum = b["mean_sum"], varianceSum = b["variance_sum"], count = b["count"];
    private readonly double[] deviation = new double[b.Output.Shape.Channels];      // √(σ² + ε)
    private bool ofBatch;

    public static KernelOffer? Offer(KernelRequest r) => r.Layer is BatchNorm layer
        ? new("reference.batch-norm", [Layout.Plain], LayoutKind.Plain, BackwardReads.Output, b => new ReferenceBatchNorm(b, layer))
        : null;

    public override void Forward(Phase phase)
    {
        bool gathers = phase == Phase.Train && !b.BatchStatistics;
        ofBatch = phase == Phase.Train || b.BatchStatistics;
        Numbers means = new(meanSum.Values), variances = new(varianceSum.Values), counted = new(count.Values);
        double values = (double)b.Output.Batch * plane;
        if (gathers) counted[0] = layer.Fraction * counted[0] + 1;
        for (int c = 0; c < channels; c++)
        {
            double mean = counted[0] == 0 ? 0 : means[c] / counted[0], variance = counted[0] == 0 ? 0 : variances[c] / counted[0];
            if (ofBatch)
            {
                mean = Sum(c, i => x[i]) / values;
                variance = Sum(c, i => (x[i] - mean) * (x[i] - mean)) / values;
            }
            if (gathers)
            {
                means[c] = layer.Fraction * means[c] + mean;
                variances[c] = layer.Fraction * variances[c] + variance * (values > 1 ? values / (values - 1) : 1);
            }
            deviation[c] = Math.Sqrt(variance + layer.Epsilon);
            foreach (long i in Elements(c)) y[i] = (x[i] - mean) / deviation[c];
        }
        if (!gathers) return;
        foreach (Parameter p in b.Parameters) p.MarkChanged();
    }

    public override void Backward()
    {
        if (b.InputGradients[0] is not { } gradient) return;
        Numbers dx = new(gradient.Region), dy = new(b.OutputGradient!.Region);
        double values = (double)b.Output.Batch * plane;
        for (int c = 0; c < channels; c++)
        {
            double mean = ofBatch ? Sum(c, i => dy[i]) / values : 0, product = ofBatch ? Sum(c, i => dy[i] * y[i]) / values : 0;
            foreach (long i in Elements(c)) dx[i] = (b.Accumulate[0] ? dx[i] : 0) + (dy[i] - mean - y[i] * product) / deviation[c];
        }
    }

    private double Sum(int c, Func<long, double> term)
    {
        double sum = 0;
        foreach (long i in Elements(c)) sum += term(i);
        return sum;
    }

    // Of one channel, in all samples.
    private IEnumerable<long> Elements(int c)
    {
        for (int n = 0; n < b.Output.Batch; n++)
            for (int i = 0; i < plane; i++) yield return ((long)n * channels + c) * plane + i;
    }
}

using EvenNet.Framework;

namespace EvenNet.Initialization;

/// <summary>What a net puts out on some images, to prove afterwards that a step left its function as it was.</summary>
public sealed class FunctionChange
{
    // Every image goes through the same arithmetic; more of them would prove nothing new and cost as much as the step itself.
    private const int MostImages = 32;
    private readonly ParameterSet parameters;
    private readonly float[] images;
    private readonly int count, batch;
    private readonly double[] before;

    /// <summary>Records the outputs of the first images, up to 32, in the test phase. images: count × input shape.</summary>
    public FunctionChange(ParameterSet parameters, float[] images, int count, int batch = 16)
    {
        this.count = Math.Min(count, MostImages);
        (this.parameters, this.images, this.batch) = (parameters, images, Math.Min(batch, this.count));
        before = Outputs();
    }

    /// <summary>Largest difference of any output now, over the largest magnitude that the same classifier had.</summary>
    public double Measure()
    {
        double[] now = Outputs();
        Node[] tops = Tops.Of(parameters.Graph);
        double worst = 0;
        for (int at = 0, t = 0; t < tops.Length; at += count * tops[t++].Shape.Count)
        {
            double size = 0, difference = 0;
            for (int i = at; i < at + count * tops[t].Shape.Count; i++)
            {
                size = Math.Max(size, Math.Abs(before[i]));
                difference = Math.Max(difference, Math.Abs(now[i] - before[i]));
            }
            worst = Math.Max(worst, difference == 0 ? 0 : difference / size);
        }
        return worst;
    }

    private double[] Outputs()
    {
        Node[] tops = Tops.Of(parameters.Graph);
        var all = tops.Select(_ => new List<double>()).ToArray();
        for (int n = 0; n < count;)
        {
            int size = Math.Min(batch, count - n);
            using var net = new Net(parameters, size, new() { Backward = false, Outputs = tops, BatchStatistics = true });
            Node input = Tops.Image(net);
            for (; n + size <= count; n += size)
            {
                net.Load(input, images.AsSpan(n * input.Shape.Count, size * input.Shape.Count));
                net.Forward(Phase.Test);
                for (int t = 0; t < tops.Length; t++) all[t].AddRange(net[tops[t]].ReadExact());
            }
        }
        return [.. all.SelectMany(v => v)];
    }
}

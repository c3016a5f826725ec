namespace EvenNet.Framework;

/// <summary>Channel moments by copying the value to the host, sample by sample, in two passes: means first, then squared differences.</summary>
internal static class HostMoments
{
    public static ChannelMoments Of(Tensor value)
    {
        int channels = value.Shape.Channels, plane = value.Shape.Plane;
        double count = (double)value.Batch * plane;
        double[] mean = Sum(value, new double[channels], static (x, _) => x);
        for (int c = 0; c < channels; c++) mean[c] /= count;
        double[] deviation = Sum(value, mean, static (x, m) => (x - m) * (x - m));
        for (int c = 0; c < channels; c++) deviation[c] = Math.Sqrt(deviation[c] / count);
        return new ChannelMoments(mean, deviation);
    }

    // Sums of each sample and channel on their own, then over samples in order: the number of threads changes nothing.
    private static double[] Sum(Tensor value, double[] center, Func<double, double, double> term)
    {
        int channels = value.Shape.Channels, plane = value.Shape.Plane;
        var sums = new double[value.Batch][];
        Parallel.For(0, value.Batch, n =>
        {
            double[] sample = value.ReadExact(n);
            var sum = new double[channels];
            for (int c = 0; c < channels; c++)
                for (int i = 0; i < plane; i++) sum[c] += term(sample[c * plane + i], center[c]);
            sums[n] = sum;
        });
        var total = new double[channels];
        foreach (double[] sum in sums)
            for (int c = 0; c < channels; c++) total[c] += sum[c];
        return total;
    }
}

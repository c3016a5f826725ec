namespace EvenNet.Framework;

/// <summary>Channel moments by copying the value to the host, sample by sample, in two passes: means first, then squared differences. And the way back.</summary>
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

    public static void Scale(Tensor value, double[] scale, double[] shift)
    {
        double[] all = value.ReadExact();
        int plane = value.Shape.Plane;
        for (int i = 0; i < all.Length; i++)
        {
            int c = i / plane % scale.Length;
            all[i] = scale[c] * all[i] + shift[c];
        }
        value.Write(all);
    }

    private static double[] Sum(Tensor value, double[] center, Func<double, double, double> term)
    {
        int channels = value.Shape.Channels, plane = value.Shape.Plane;
        var total = new double[channels];
        for (int n = 0; n < value.Batch; n++)
        {
            double[] sample = value.ReadExact(n);
            for (int c = 0; c < channels; c++)
            {
                double sum = 0;
                for (int i = 0; i < plane; i++) sum += term(sample[c * plane + i], center[c]);
                total[c] += sum;
            }
        }
        return total;
    }
}

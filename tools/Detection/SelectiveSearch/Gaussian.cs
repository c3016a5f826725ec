namespace EvenNet.Detection;

/// <summary>Separable filters of Gaussians on one plane; beyond its edges a plane goes on with the edge's values.</summary>
internal static class Gaussian
{
    // Beyond four deviations a Gaussian is under 1/2900 of its peak.
    private const double Deviations = 4;

    /// <summary>source ∗ G(sigma), height × width.</summary>
    public static void Smooth(ReadOnlySpan<float> source, int width, int height, double sigma, Span<float> destination)
    {
        float[] kernel = Values(sigma);
        Filter(source, width, height, kernel, kernel, destination);
    }

    /// <summary>∂/∂x and ∂/∂y of source ∗ G(sigma).</summary>
    public static void Derivatives(ReadOnlySpan<float> source, int width, int height, double sigma, Span<float> alongX, Span<float> alongY)
    {
        float[] smooth = Values(sigma), slope = Slopes(sigma);
        Filter(source, width, height, slope, smooth, alongX);
        Filter(source, width, height, smooth, slope, alongY);
    }

    private static float[] Values(double sigma)
    {
        int radius = (int)Math.Ceiling(Deviations * sigma);
        double[] values = [.. Enumerable.Range(-radius, 2 * radius + 1).Select(i => Math.Exp(-0.5 * i * i / (sigma * sigma)))];
        double sum = values.Sum();
        return [.. values.Select(v => (float)(v / sum))];
    }

    // A slope of 1 gives 1: Σ i · kernel[i] = 1.
    private static float[] Slopes(double sigma)
    {
        int radius = (int)Math.Ceiling(Deviations * sigma);
        double[] values = [.. Enumerable.Range(-radius, 2 * radius + 1).Select(i => i * Math.Exp(-0.5 * i * i / (sigma * sigma)))];
        double sum = values.Select((v, i) => v * (i - radius)).Sum();
        return [.. values.Select(v => (float)(v / sum))];
    }

    // Correlates rows with one kernel, then columns with the other.
    private static void Filter(ReadOnlySpan<float> source, int width, int height, float[] rowKernel, float[] columnKernel, Span<float> destination)
    {
        float[] rows = new float[width * height];
        int radius = rowKernel.Length / 2;
        float[] padded = new float[width + 2 * radius];
        for (int y = 0; y < height; y++)
        {
            ReadOnlySpan<float> row = source.Slice(y * width, width);
            padded.AsSpan(0, radius).Fill(row[0]);
            row.CopyTo(padded.AsSpan(radius));
            padded.AsSpan(radius + width).Fill(row[^1]);
            Span<float> to = rows.AsSpan(y * width, width);
            for (int i = 0; i < rowKernel.Length; i++) AddScaled(padded.AsSpan(i, width), rowKernel[i], to);
        }
        radius = columnKernel.Length / 2;
        destination[..(width * height)].Clear();
        for (int y = 0; y < height; y++)
        {
            Span<float> to = destination.Slice(y * width, width);
            for (int i = 0; i < columnKernel.Length; i++)
                AddScaled(rows.AsSpan(Math.Clamp(y + i - radius, 0, height - 1) * width, width), columnKernel[i], to);
        }
    }

    // Product, then sum, without a fused step: the same bits at every vector width.
    private static void AddScaled(ReadOnlySpan<float> source, float factor, Span<float> sum)
    {
        int i = 0;
        for (; i <= source.Length - System.Numerics.Vector<float>.Count; i += System.Numerics.Vector<float>.Count)
        {
            var product = new System.Numerics.Vector<float>(source[i..]) * factor;
            (new System.Numerics.Vector<float>(sum[i..]) + product).CopyTo(sum[i..]);
        }
        for (; i < source.Length; i++) sum[i] += source[i] * factor;
    }
}

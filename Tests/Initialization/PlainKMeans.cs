using EvenNet.Framework;

namespace EvenNet.Tests;

/// <summary>Full-batch spherical k-means as one would write it down: double, one loop after the other, random rows as seeds.</summary>
internal static class PlainKMeans
{
    public static (double Inertia, double[] Centres) Run(float[] unitRows, int m, int clusters, int iterations, ulong seed)
    {
        int count = unitRows.Length / m;
        int[] seeds = new Philox(seed, RandomPurpose.Clusters).Choose(clusters, count);
        double[] centres = new double[clusters * m];
        for (int k = 0; k < clusters; k++)
            for (int j = 0; j < m; j++) centres[k * m + j] = unitRows[seeds[k] * m + j];

        double inertia = 0;
        for (int pass = 0; pass <= iterations; pass++)
        {
            double[] sums = new double[clusters * m];
            inertia = 0;
            for (int r = 0; r < count; r++)
            {
                var (best, cosine) = Nearest(unitRows.AsSpan(r * m, m), centres, m);
                inertia += 2 - 2 * cosine;
                for (int j = 0; j < m; j++) sums[best * m + j] += unitRows[r * m + j];
            }
            if (pass == iterations) break;
            for (int k = 0; k < clusters; k++)
            {
                double norm = Math.Sqrt(Enumerable.Range(0, m).Sum(j => sums[k * m + j] * sums[k * m + j]));
                for (int j = 0; norm > 0 && j < m; j++) centres[k * m + j] = sums[k * m + j] / norm;
            }
        }
        return (inertia, centres);
    }

    public static (int Centre, double Cosine) Nearest(ReadOnlySpan<float> row, double[] centres, int m)
    {
        int best = 0;
        double largest = double.NegativeInfinity;
        for (int k = 0; k * m < centres.Length; k++)
        {
            double cosine = 0;
            for (int j = 0; j < m; j++) cosine += row[j] * centres[k * m + j];
            if (cosine > largest) (best, largest) = (k, cosine);
        }
        return (best, largest);
    }
}

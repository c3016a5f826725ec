using EvenNet.Framework;

namespace EvenNet.Initialization;

/// <summary>
/// Seeds for k-means: the first a random row, each further one a row drawn with probability proportional to its squared
/// distance from the seeds so far (Arthur and Vassilvitskii 2007, "k-means++"); with several tries a seed, the one that
/// leaves the smallest sum of squared distances.
/// </summary>
internal static class KMeansSeeding
{
    /// <summary>The usual number of tries for each seed, 2 + ln K: with one alone a cluster is missed now and then.</summary>
    public static int Tries(int clusters) => 2 + (int)Math.Log(clusters);

    /// <summary>K×m centres out of unit rows, n×m.</summary>
    public static float[] PlusPlus(Arithmetic arithmetic, float[] rows, int dimensions, int clusters, int tries, RandomSource random)
    {
        int count = rows.Length / dimensions;
        using IHeldRows? held = arithmetic.Hold(rows, dimensions);
        float[] centres = new float[clusters * dimensions], products = new float[tries * count];
        double[][] distances = [.. Enumerable.Range(0, tries).Select(_ => new double[count])];
        double[] potentials = new double[tries], closest = new double[count];
        Array.Fill(closest, double.PositiveInfinity);

        for (int k = 0; k < clusters; k++)
        {
            int[] candidates = k == 0 ? [random.NextInt(count)] : Draw(closest, tries, random);
            if (held is not null) held.Multiply(candidates, products);
            else arithmetic.Product(false, true, candidates.Length, count, dimensions, UnitRows.Gather(rows, dimensions, candidates), rows, products);
            arithmetic.For(candidates.Length, t =>
            {
                double sum = 0;
                for (int i = 0; i < count; i++)
                {
                    double distance = Math.Max(0, 2 - 2.0 * products[t * count + i]);
                    sum += distances[t][i] = Math.Min(closest[i], distance);
                }
                potentials[t] = sum;
            });

            int best = 0;
            for (int t = 1; t < candidates.Length; t++) if (potentials[t] < potentials[best]) best = t;
            rows.AsSpan(candidates[best] * dimensions, dimensions).CopyTo(centres.AsSpan(k * dimensions));
            (closest, distances[best]) = (distances[best], closest);
            closest[candidates[best]] = 0;
        }
        return centres;
    }

    private static int[] Draw(double[] weights, int tries, RandomSource random)
    {
        double[] sums = new double[weights.Length];
        double total = 0;
        for (int i = 0; i < weights.Length; i++) sums[i] = total += weights[i];
        int[] drawn = new int[tries];
        for (int t = 0; t < tries; t++)
        {
            // Where all rows are seeds already, any one will do: clusters that share a point are put elsewhere later.
            double target = random.NextUniform() * total;
            int found = Array.BinarySearch(sums, target);
            found = found < 0 ? ~found : found + 1;
            while (found < sums.Length && weights[found] == 0) found++;
            drawn[t] = total > 0 && found < sums.Length ? found : random.NextInt(weights.Length);
        }
        return drawn;
    }
}

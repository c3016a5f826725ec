using EvenNet.Framework;

namespace EvenNet.Initialization;

/// <summary>
/// Spherical k-means (Coates and Ng 2012, "Learning feature representations with k-means", §2): unit rows belong to the
/// unit centre of the smallest angle, and a centre points where its rows point on average. The same result for any number
/// of threads: rows are summed in double in their order, and the first of equally near centres wins.
/// </summary>
public sealed class SphericalKMeans(Arithmetic arithmetic)
{
    // Seeds come from a sample of this many rows a cluster; more would cost as much as the iterations and change nothing.
    private const int SeedingRows = 8, MostClustersTriedOften = 1024;
    private const int Repairs = 5;

    /// <summary>Most passes over the rows.</summary>
    public int Iterations { get; init; } = 30;

    /// <summary>Stops when no more than this share of the rows change their cluster.</summary>
    public double ChangeShare { get; init; } = 0.001;

    /// <summary>Told after each pass: its number and the share of rows that changed their cluster.</summary>
    public Action<int, double>? Progress { get; init; }

    /// <summary>Clusters rows.</summary>
    /// <param name="rows">n×m, scaled to unit length in place. Rows shorter than <see cref="Clustering.ShortestRow"/>, or not finite, become zero and take no part.</param>
    /// <param name="dimensions">Length of a row, m.</param>
    /// <param name="clusters">Number of centres, K.</param>
    /// <param name="random">Chooses the seeds.</param>
    /// <exception cref="ArgumentException">The values are not whole rows, or fewer rows than clusters have a direction.</exception>
    public Clustering Run(Memory<float> rows, int dimensions, int clusters, RandomSource random)
    {
        int[] usable = UnitRows.Normalise(arithmetic, rows, dimensions);
        if (clusters < 1 || usable.Length < clusters)
            throw new ArgumentException($"{usable.Length} rows with a direction cannot form {clusters} clusters", nameof(clusters));

        float[] centres = Seeds(rows.Span, dimensions, clusters, usable, random);
        using var nearest = new NearestCentres(arithmetic, rows, dimensions, clusters, usable);
        int pass = 0, reseeds = 0;
        while (pass < Iterations)
        {
            pass++;
            int changed = nearest.Assign(centres), filled = nearest.FillEmpty().Count;
            reseeds += filled + Update(nearest, rows, dimensions, centres);
            Progress?.Invoke(pass, (double)changed / usable.Length);
            if (filled == 0 && changed <= ChangeShare * usable.Length) break;
        }
        reseeds += Settle(nearest, rows.Span, dimensions, centres);
        return new(dimensions, centres, nearest.Assignments, nearest.Sizes, nearest.Inertia, pass, reseeds);
    }

    private float[] Seeds(ReadOnlySpan<float> rows, int dimensions, int clusters, int[] usable, RandomSource random)
    {
        int[] sample = random.Choose(Math.Min(usable.Length, SeedingRows * clusters), usable.Length);
        for (int i = 0; i < sample.Length; i++) sample[i] = usable[sample[i]];
        int tries = clusters <= MostClustersTriedOften ? KMeansSeeding.Tries(clusters) : 1;
        return KMeansSeeding.PlusPlus(arithmetic, UnitRows.Gather(rows, dimensions, sample), dimensions, clusters, tries, random);
    }

    // Each centre becomes the direction of its rows' sum. One whose rows cancel keeps its place and is counted.
    private static int Update(NearestCentres nearest, Memory<float> rows, int dimensions, float[] centres)
    {
        int[] cancelled = new int[nearest.Sizes.Length];
        nearest.SumRows((k, sum) =>
        {
            double norm = Math.Sqrt(VectorMath.Dot(sum, sum));
            if (norm < Clustering.ShortestRow) cancelled[k] = 1;
            else for (int j = 0; j < dimensions; j++) centres[k * dimensions + j] = (float)(sum[j] / norm);
        });
        return cancelled.Sum();
    }

    // The assignment to the final centres. A centre that lost its last row in the last update takes a row for its own.
    private static int Settle(NearestCentres nearest, ReadOnlySpan<float> rows, int dimensions, float[] centres)
    {
        int reseeds = 0;
        for (int repair = 0; repair <= Repairs; repair++)
        {
            nearest.Assign(centres);
            List<(int Centre, int Row)> filled = nearest.FillEmpty();
            if (filled.Count == 0) break;
            reseeds += filled.Count;
            foreach (var (centre, row) in filled) rows.Slice(row * dimensions, dimensions).CopyTo(centres.AsSpan(centre * dimensions));
        }
        return reseeds;
    }
}

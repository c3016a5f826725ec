using EvenNet.Framework;

namespace EvenNet.Initialization;

/// <summary>
/// Mini-batch k-means (Sculley 2010, "Web-scale k-means clustering") with the rules that the paper's program got from
/// scikit-learn of its time: Euclidean distances between unit rows and centres that are plain means; batches of ten rows a
/// cluster, drawn with replacement; the best of three seedings; an end when the smoothed inertia has not improved for ten
/// batches, at the latest after 100 epochs; centres with few rows put on random rows of the batch now and then.
/// </summary>
public sealed class MiniBatchKMeans(Arithmetic arithmetic)
{
    private const int RowsPerCluster = 10, SeedingBatches = 3, Seedings = 3, Epochs = 100, Patience = 10, FewestBatches = 10;
    private const double ReassignmentRatio = 0.01;

    /// <summary>Told after each batch: its number and the smoothed mean squared distance to the centres.</summary>
    public Action<int, double>? Progress { get; init; }

    /// <summary>Clusters rows.</summary>
    /// <param name="rows">n×m, scaled to unit length in place. Rows shorter than <see cref="Clustering.ShortestRow"/>, or not finite, become zero and take no part.</param>
    /// <param name="dimensions">Length of a row, m.</param>
    /// <param name="clusters">Number of centres, K.</param>
    /// <param name="random">Draws seeds and batches.</param>
    /// <exception cref="ArgumentException">The values are not whole rows, or fewer rows than clusters have a direction.</exception>
    public Clustering Run(Memory<float> rows, int dimensions, int clusters, RandomSource random)
    {
        int[] usable = UnitRows.Normalise(arithmetic, rows, dimensions);
        if (clusters < 1 || usable.Length < clusters)
            throw new ArgumentException($"{usable.Length} rows with a direction cannot form {clusters} clusters", nameof(clusters));

        int size = RowsPerCluster * clusters, epoch = (usable.Length + size - 1) / size;
        var run = new State(dimensions, clusters);
        Seed(run, rows.Span, usable, Math.Min(SeedingBatches * size, usable.Length), random);

        double smoothing = Math.Min(1, 2.0 * size / (usable.Length + 1)), smoothed = double.NaN, best = double.PositiveInfinity;
        int batch = 0, without = 0, reseeds = 0;
        while (batch < Epochs * epoch && without < Patience)
        {
            float[] sample = Draw(rows.Span, dimensions, usable, size, random);
            bool reassign = (batch + 1) % (FewestBatches + run.Counts.Min()) == 0;
            double inertia = Step(run, sample, ref reseeds, reassign ? random : null) / size;
            smoothed = batch == 0 ? inertia : smoothed * (1 - smoothing) + inertia * smoothing;
            (best, without) = smoothed < best ? (smoothed, 0) : (best, without + 1);
            batch++;
            Progress?.Invoke(batch, smoothed);
        }

        using var nearest = new NearestCentres(arithmetic, rows, dimensions, clusters, usable);
        nearest.Assign(run.Centres);
        List<(int Centre, int Row)> filled = nearest.FillEmpty();
        foreach (var (centre, row) in filled) rows.Span.Slice(row * dimensions, dimensions).CopyTo(run.Centres.AsSpan(centre * dimensions));
        return new(dimensions, run.Centres, nearest.Assignments, nearest.Sizes, nearest.Inertia, batch, reseeds + filled.Count);
    }

    // The seeding, moved by one step over a common sample, that fits the sample best.
    private void Seed(State run, ReadOnlySpan<float> rows, int[] usable, int count, RandomSource random)
    {
        float[] sample = Draw(rows, run.Dimensions, usable, count, random);
        int tries = KMeansSeeding.Tries(run.Clusters), none = 0;
        double best = double.PositiveInfinity;
        for (int seeding = 0; seeding < Seedings; seeding++)
        {
            var candidate = new State(run.Dimensions, run.Clusters)
            {
                Centres = KMeansSeeding.PlusPlus(arithmetic, Draw(rows, run.Dimensions, usable, count, random), run.Dimensions, run.Clusters, tries, random),
            };
            Step(candidate, sample, ref none, null);
            using NearestCentres nearest = Nearest(candidate, sample);
            if (nearest.Inertia >= best) continue;
            best = nearest.Inertia;
            (run.Centres, run.Counts) = (candidate.Centres, candidate.Counts);
        }
    }

    // One batch: each centre moves to the mean of all rows it has had. Returns the batch's inertia before the move.
    private double Step(State run, float[] batch, ref int reseeds, RandomSource? random)
    {
        using NearestCentres nearest = Nearest(run, batch);
        if (random is not null) reseeds += Reassign(run, batch, random);
        int dimensions = run.Dimensions;
        nearest.SumRows((k, sum) =>
        {
            int added = nearest.Sizes[k];
            if (added == 0) return;
            Span<float> centre = run.Centres.AsSpan(k * dimensions, dimensions);
            double before = run.Counts[k];
            for (int j = 0; j < dimensions; j++) centre[j] = (float)((centre[j] * before + sum[j]) / (before + added));
            run.Counts[k] += added;
        });
        return nearest.Inertia;
    }

    // Centres with less than a hundredth of the rows of the largest start again at random rows, at most half a batch of them.
    private static int Reassign(State run, float[] batch, RandomSource random)
    {
        int size = batch.Length / run.Dimensions;
        double few = ReassignmentRatio * run.Counts.Max();
        int[] failing = [.. Enumerable.Range(0, run.Clusters).Where(k => run.Counts[k] < few).OrderBy(k => run.Counts[k]).Take(size / 2)];
        if (failing.Length == 0) return 0;

        int[] from = random.Choose(failing.Length, size);
        int fewest = Enumerable.Range(0, run.Clusters).Except(failing).Min(k => run.Counts[k]);
        for (int i = 0; i < failing.Length; i++)
        {
            batch.AsSpan(from[i] * run.Dimensions, run.Dimensions).CopyTo(run.Centres.AsSpan(failing[i] * run.Dimensions));
            run.Counts[failing[i]] = fewest;
        }
        return failing.Length;
    }

    private NearestCentres Nearest(State run, float[] batch)
    {
        var nearest = new NearestCentres(arithmetic, batch, run.Dimensions, run.Clusters, [.. Enumerable.Range(0, batch.Length / run.Dimensions)]);
        nearest.Assign(run.Centres);
        return nearest;
    }

    private static float[] Draw(ReadOnlySpan<float> rows, int dimensions, int[] usable, int count, RandomSource random)
    {
        int[] numbers = new int[count];
        for (int i = 0; i < count; i++) numbers[i] = usable[random.NextInt(usable.Length)];
        return UnitRows.Gather(rows, dimensions, numbers);
    }

    // Centres, K×m, and how many rows each has had.
    private sealed class State(int dimensions, int clusters)
    {
        public int Dimensions => dimensions;
        public int Clusters => clusters;
        public float[] Centres { get; set; } = new float[clusters * dimensions];
        public int[] Counts { get; set; } = new int[clusters];
    }
}

namespace EvenNet.Initialization;

/// <summary>
/// What every row's score with every centre can be at most, from what it was and how far the centre has moved since (Elkan 2003, "Using the triangle
/// inequality to accelerate k-means", for scores in place of distances): for a unit row x, x·c − ½‖c‖² grows by no more than ‖c′ − c‖ + |½‖c′‖² − ½‖c‖²|.
/// Scores stay as they were taken; how far centres have moved since is kept for each pass, so that a row left out costs one reading.
/// </summary>
internal sealed class ScoreBounds
{
    private const long MostScores = 1 << 27;

    private readonly int clusters, dimensions;

    // Products of rows and centres, n×K, and the pass that each row's are of; −1: none.
    private readonly float[] products;
    private readonly int[] passes;

    // For each pass: how far each centre has moved in all up to then, half its squared norm, and what a product of that pass has to give up to be a bound.
    private readonly List<double[]> moved = [];
    private readonly List<float[]> halfNorms = [], deductions = [];
    private readonly float[] known;
    private double[] now;

    private ScoreBounds(int count, int clusters, int dimensions)
    {
        (this.clusters, this.dimensions) = (clusters, dimensions);
        products = GC.AllocateUninitializedArray<float>(count * clusters);
        passes = new int[count];
        Array.Fill(passes, -1);
        known = new float[clusters * dimensions];
        now = new double[clusters];
    }

    /// <summary>Bounds for n rows and K centres, or null where they would take more than half a gigabyte.</summary>
    public static ScoreBounds? Of(int count, int clusters, int dimensions) =>
        (long)count * clusters <= MostScores ? new(count, clusters, dimensions) : null;

    /// <summary>No pass was kept yet.</summary>
    public bool IsEmpty => moved.Count == 0;

    /// <summary>Says where the centres, K×m, are by now.</summary>
    public void Move(float[] centres, float[] halves)
    {
        now = [.. now];
        for (int k = 0; k < clusters; k++)
        {
            ReadOnlySpan<float> here = centres.AsSpan(k * dimensions, dimensions), before = known.AsSpan(k * dimensions, dimensions);
            now[k] += Math.Sqrt(VectorMath.SquaredDistance(here, before)) + Math.Abs(halves[k] - halfNorms[^1][k]);
        }
        for (int pass = 0; pass < moved.Count; pass++)
            for (int k = 0; k < clusters; k++) deductions[pass][k] = (float)(halfNorms[pass][k] - (now[k] - moved[pass][k]));
    }

    /// <summary>Opens a pass with these centres: the products set from now on are of them.</summary>
    public void Keep(float[] centres, float[] halves)
    {
        centres.CopyTo(known, 0);
        moved.Add(now);
        halfNorms.Add(halves);
        deductions.Add((float[])halves.Clone());
    }

    /// <summary>Takes a row's products with all centres.</summary>
    public void Set(int row, ReadOnlySpan<float> rowProducts)
    {
        rowProducts.CopyTo(products.AsSpan(row * clusters, clusters));
        passes[row] = moved.Count - 1;
    }

    /// <summary>The row's score may be anything.</summary>
    public void Forget(int row) => passes[row] = -1;

    /// <summary>What the score of any centre but one is at most.</summary>
    public float LargestBeside(int row, int own)
    {
        if (passes[row] < 0) return float.PositiveInfinity;
        var (index, value, next) = VectorMath.LargestDifference(products.AsSpan(row * clusters, clusters), deductions[passes[row]]);
        return index == own ? next : value;
    }
}

using System.Runtime.Intrinsics;

namespace EvenNet.Initialization;

/// <summary>
/// What a row's scores with all centres but its own can be at most, from what they were and how far the centres have moved since (Elkan 2003, "Using the
/// triangle inequality to accelerate k-means", for scores in place of distances): for a unit row x, x·c − ½‖c‖² grows by no more than
/// ‖c′ − c‖ + |½‖c′‖² − ½‖c‖²|. Centres share a bound in 32 groups (Ding et al. 2015, "Yinyang K-means"): each row keeps the largest score of each group, and
/// each pass how far the group's centres have moved up to then.
/// </summary>
internal sealed class ScoreBounds
{
    /// <summary>Groups of centres: two vectors of scores go over the centres in turns, so that a group is one place in one of them.</summary>
    public const int Groups = 32;

    private readonly int clusters, dimensions;

    // The largest scores of each row, n×32, and the pass that they are of; −1: none.
    private readonly float[] largest;
    private readonly int[] passes;

    // For each pass: how far each centre has moved in all up to then, and how far the groups have at most since.
    private readonly List<double[]> moved = [];
    private readonly List<float[]> since = [];
    private readonly float[] known;
    private float[] knownHalves = [];
    private double[] now;

    /// <summary>Bounds for n rows and K centres of some dimensions.</summary>
    public ScoreBounds(int count, int clusters, int dimensions)
    {
        (this.clusters, this.dimensions) = (clusters, dimensions);
        largest = GC.AllocateUninitializedArray<float>(count * Groups);
        passes = new int[count];
        Array.Fill(passes, -1);
        known = new float[clusters * dimensions];
        now = new double[clusters];
    }

    /// <summary>No pass was kept yet.</summary>
    public bool IsEmpty => moved.Count == 0;

    /// <summary>Says where the centres, K×m, are by now.</summary>
    public void Move(ReadOnlySpan<float> centres, ReadOnlySpan<float> halves)
    {
        now = [.. now];
        for (int k = 0; k < clusters; k++)
        {
            ReadOnlySpan<float> here = centres.Slice(k * dimensions, dimensions), before = known.AsSpan(k * dimensions, dimensions);
            now[k] += Math.Sqrt(VectorMath.SquaredDistance(here, before)) + Math.Abs(halves[k] - knownHalves[k]);
        }
        for (int pass = 0; pass < moved.Count; pass++)
        {
            Array.Clear(since[pass]);
            for (int k = 0; k < clusters; k++) since[pass][k % Groups] = Math.Max(since[pass][k % Groups], (float)(now[k] - moved[pass][k]));
        }
    }

    /// <summary>Opens a pass with these centres: the scores set from now on are of them.</summary>
    public void Keep(ReadOnlySpan<float> centres, ReadOnlySpan<float> halves)
    {
        centres[..known.Length].CopyTo(known);
        knownHalves = halves[..clusters].ToArray();
        moved.Add(now);
        since.Add(new float[Groups]);
    }

    /// <summary>Where a row's largest scores of each group, its own centre's aside, are to be written.</summary>
    public Span<float> Set(int row)
    {
        passes[row] = moved.Count - 1;
        return largest.AsSpan(row * Groups, Groups);
    }

    /// <summary>The row's scores may be anything.</summary>
    public void Forget(int row) => passes[row] = -1;

    /// <summary>What the score of any centre but the row's own is at most.</summary>
    public float LargestBeside(int row)
    {
        if (passes[row] < 0) return float.PositiveInfinity;
        ReadOnlySpan<float> score = largest.AsSpan(row * Groups, Groups), move = since[passes[row]];
        return VectorMath.Largest(Vector512.Max(Vector512.Create(score) + Vector512.Create(move), Vector512.Create(score[16..]) + Vector512.Create(move[16..])));
    }
}

using System.Runtime.Intrinsics;

namespace EvenNet.Detection;

/// <summary>
/// Hierarchical grouping (Uijlings et al. 2013, Algorithm 1): joins the two most similar neighbours again and again until one region is left. The similarity
/// is a sum of parts of 0 … 1: of the colours, of the texture, how small both are, and how well they fill the box around them.
/// </summary>
internal sealed class Grouping
{
    private readonly RegionSet regions;
    private readonly bool usesColour;
    private readonly List<int>[] neighbours;
    private readonly bool[] isGone;
    private readonly PriorityQueue<(int A, int B), (float Similarity, int A, int B)> pairs = new(MostSimilarFirst.Comparer);
    private readonly int[] seen;

    private Grouping(RegionSet regions, bool usesColour)
    {
        (this.regions, this.usesColour) = (regions, usesColour);
        int all = 2 * regions.Count - 1;
        neighbours = new List<int>[all];
        isGone = new bool[all];
        seen = new int[all];
        for (int i = 0; i < regions.Count; i++) neighbours[i] = [];
        foreach ((int a, int b) in regions.Neighbours)
        {
            neighbours[a].Add(b);
            neighbours[b].Add(a);
            Consider(a, b);
        }
    }

    /// <summary>The boxes of all regions, those there were first and then those that were made, in that order; the last is the whole picture's. Fills the set.</summary>
    public static RegionBox[] Run(RegionSet regions, bool usesColour)
    {
        var grouping = new Grouping(regions, usesColour);
        for (int made = regions.Count; made < 2 * regions.Count - 1; made++) grouping.JoinNext(made);
        return regions.Boxes;
    }

    private void JoinNext(int made)
    {
        (int a, int b) = pairs.Dequeue();
        while (isGone[a] || isGone[b]) (a, b) = pairs.Dequeue();
        isGone[a] = isGone[b] = true;
        regions.Sizes[made] = regions.Sizes[a] + regions.Sizes[b];
        regions.Boxes[made] = regions.Boxes[a].With(regions.Boxes[b]);
        JoinHistograms(a, b, made);

        // Numbers of regions only grow, so a mark is never another's.
        List<int> own = neighbours[made] = [];
        foreach (List<int> side in (List<int>[])[neighbours[a], neighbours[b]])
            foreach (int other in side)
            {
                if (isGone[other] || seen[other] == made) continue;
                seen[other] = made;
                own.Add(other);
                neighbours[other].Add(made);
                Consider(other, made);
            }
        (neighbours[a], neighbours[b]) = ([], []);
    }

    private void Consider(int a, int b) => pairs.Enqueue((a, b), (Similarity(a, b), a, b));

    private float Similarity(int a, int b)
    {
        float pixels = regions.Pixels, sizes = regions.Sizes[a] + regions.Sizes[b];
        float size = 1 - sizes / pixels;
        float fill = 1 - (regions.Boxes[a].With(regions.Boxes[b]).Area - sizes) / pixels;
        ReadOnlySpan<float> x = regions.Histograms.AsSpan(a * RegionSet.Stride, RegionSet.Stride), y = regions.Histograms.AsSpan(b * RegionSet.Stride, RegionSet.Stride);
        float texture = Common(x[RegionSet.TextureStart..], y[RegionSet.TextureStart..]);
        float colour = usesColour ? Common(x[..RegionSet.TextureStart], y[..RegionSet.TextureStart]) : 0;
        return colour + texture + size + fill;
    }

    // Σ min(x, y) over whole vectors of four, in one order on every machine.
    private static float Common(ReadOnlySpan<float> x, ReadOnlySpan<float> y)
    {
        Vector128<float> s0 = Vector128<float>.Zero, s1 = Vector128<float>.Zero, s2 = Vector128<float>.Zero, s3 = Vector128<float>.Zero;
        for (; x.Length >= 16; x = x[16..], y = y[16..])
        {
            s0 += Vector128.MinNative(Vector128.Create(x), Vector128.Create(y));
            s1 += Vector128.MinNative(Vector128.Create(x[4..]), Vector128.Create(y[4..]));
            s2 += Vector128.MinNative(Vector128.Create(x[8..]), Vector128.Create(y[8..]));
            s3 += Vector128.MinNative(Vector128.Create(x[12..]), Vector128.Create(y[12..]));
        }
        Vector128<float> s = s0 + s1 + (s2 + s3);
        return s[0] + s[1] + (s[2] + s[3]);
    }

    // The mean of two histograms, each with its region's size as weight.
    private void JoinHistograms(int a, int b, int made)
    {
        float share = (float)regions.Sizes[a] / regions.Sizes[made], rest = 1 - share;
        ReadOnlySpan<float> x = regions.Histograms.AsSpan(a * RegionSet.Stride, RegionSet.Stride), y = regions.Histograms.AsSpan(b * RegionSet.Stride, RegionSet.Stride);
        Span<float> joined = regions.Histograms.AsSpan(made * RegionSet.Stride, RegionSet.Stride);
        for (int i = 0; i < joined.Length; i++) joined[i] = share * x[i] + rest * y[i];
    }

    /// <summary>The most similar pair first; of equal ones the earliest.</summary>
    private sealed class MostSimilarFirst : IComparer<(float Similarity, int A, int B)>
    {
        public static MostSimilarFirst Comparer { get; } = new();

        public int Compare((float Similarity, int A, int B) x, (float Similarity, int A, int B) y)
        {
            int order = y.Similarity.CompareTo(x.Similarity);
            if (order == 0) order = x.A.CompareTo(y.A);
            return order != 0 ? order : x.B.CompareTo(y.B);
        }
    }
}

using System.Runtime.Intrinsics;

namespace EvenNet.Framework;

/// <summary>How far apart two features are.</summary>
public enum FeatureDistance
{
    /// <summary>√ Σ (a − b)².</summary>
    Euclidean,

    /// <summary>1 − a·b / (‖a‖ ‖b‖), 0 … 2; a feature of zeros has no direction, and 1 to all others.</summary>
    Cosine,
}

/// <summary>One neighbour: its place in the pool and how far it is.</summary>
/// <param name="Index">Row of the pool.</param>
/// <param name="Distance">In <c>double</c>.</param>
public readonly record struct Neighbour(int Index, double Distance);

/// <summary>
/// The nearest of a pool of features, exactly: products of blocks by the backend in float32 (‖a − b‖² = ‖a‖² + ‖b‖² − 2 a·b) leave out what cannot be among
/// the nearest, whatever the products' rounding was; the rest is compared in double. Equally near ones come in the pool's order, so the answer depends on
/// the features alone.
/// </summary>
public static class NearestNeighbours
{
    private const int QueryBlock = 256, PoolBlock = 1024;

    /// <summary>For each query its nearest, the nearest first.</summary>
    /// <param name="backend">Makes the products.</param>
    /// <param name="queries">Count × dimensions.</param>
    /// <param name="pool">Count × dimensions.</param>
    /// <param name="dimensions">Of a feature.</param>
    /// <param name="most">How many; all of the pool where it has fewer.</param>
    /// <param name="distance">By what.</param>
    /// <param name="cancellation">Ends the search between two blocks.</param>
    /// <exception cref="ArgumentException">A number is not positive, a length is no multiple of the dimensions, or a value is not finite.</exception>
    public static Neighbour[][] Find(
        Backend backend, ReadOnlyMemory<float> queries, ReadOnlyMemory<float> pool, int dimensions, int most, FeatureDistance distance, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(dimensions);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(most);
        foreach (ReadOnlyMemory<float> features in (ReadOnlyMemory<float>[])[queries, pool])
            if (features.Length % dimensions != 0) throw new ArgumentException($"{features.Length} values are no features of {dimensions} each");
        double[] queryNorms = Norms(backend, queries, dimensions), poolNorms = Norms(backend, pool, dimensions);
        int queryCount = queryNorms.Length;
        most = Math.Min(most, poolNorms.Length);
        var results = new Neighbour[queryCount][];
        if (most == 0)
        {
            Array.Fill(results, []);
            return results;
        }

        // A sum of products in float32 is off by at most (dimensions + 2) · 2⁻²⁴ · ‖a‖ ‖b‖ in whatever order it was made; twice that for what is left out here.
        double error = Math.Min(1, 2 * (dimensions + 2) * Math.Pow(2, -24));
        float[] products = new float[Math.Min(QueryBlock, queryCount) * Math.Min(PoolBlock, poolNorms.Length)];
        for (int first = 0; first < queryCount; first += QueryBlock)
        {
            int rows = Math.Min(QueryBlock, queryCount - first);
            Candidates[] candidates = [.. Enumerable.Range(0, rows).Select(_ => new Candidates(most))];
            for (int start = 0; start < poolNorms.Length; start += PoolBlock)
            {
                cancellation.ThrowIfCancellationRequested();
                int columns = Math.Min(PoolBlock, poolNorms.Length - start);
                backend.Gemm(transposeA: false, transposeB: true, rows, columns, dimensions,
                    queries.Span.Slice(first * dimensions, rows * dimensions), pool.Span.Slice(start * dimensions, columns * dimensions), products.AsSpan(0, rows * columns));
                backend.For(rows, r =>
                {
                    for (int c = 0; c < columns; c++)
                    {
                        double a = queryNorms[first + r], b = poolNorms[start + c], product = products[r * columns + c];
                        (double near, double slack) = distance == FeatureDistance.Cosine
                            ? a > 0 && b > 0 ? (-product / (a * b), error) : (0, 0)
                            : (b * b - 2 * product, 2 * error * a * b);
                        // Features may be so large that a product is not finite: they stay in.
                        candidates[r].Offer(start + c, double.IsFinite(near) ? near - slack : double.NegativeInfinity, double.IsFinite(near) ? near + slack : double.PositiveInfinity);
                    }
                });
            }
            backend.For(rows, r => results[first + r] = Nearest(
                queries.Slice((first + r) * dimensions, dimensions), pool, queryNorms[first + r], poolNorms, candidates[r].Indices(), most, distance));
        }
        return results;
    }

    /// <summary>The distance of two features, in double.</summary>
    public static double Distance(ReadOnlySpan<float> a, ReadOnlySpan<float> b, FeatureDistance distance) => distance == FeatureDistance.Cosine
        ? Cosine(a, b, Math.Sqrt(Dot(a, a)), Math.Sqrt(Dot(b, b)))
        : Math.Sqrt(SquaredDifference(a, b));

    private static Neighbour[] Nearest(
        ReadOnlyMemory<float> query, ReadOnlyMemory<float> pool, double queryNorm, double[] poolNorms, List<int> candidates, int most, FeatureDistance distance)
    {
        int dimensions = query.Length;
        var exact = new Neighbour[candidates.Count];
        for (int i = 0; i < exact.Length; i++)
        {
            ReadOnlySpan<float> other = pool.Span.Slice(candidates[i] * dimensions, dimensions);
            exact[i] = new Neighbour(candidates[i], distance == FeatureDistance.Cosine ? Cosine(query.Span, other, queryNorm, poolNorms[candidates[i]]) : Math.Sqrt(SquaredDifference(query.Span, other)));
        }
        Array.Sort(exact, (a, b) => a.Distance != b.Distance ? a.Distance.CompareTo(b.Distance) : a.Index.CompareTo(b.Index));
        return exact[..most];
    }

    // Equal features are at 0, whatever the roots were rounded to.
    private static double Cosine(ReadOnlySpan<float> a, ReadOnlySpan<float> b, double normA, double normB)
    {
        if (normA == 0 || normB == 0) return 1;
        return a.SequenceEqual(b) ? 0 : Math.Clamp(1 - Dot(a, b) / (normA * normB), 0, 2);
    }

    private static double[] Norms(Backend backend, ReadOnlyMemory<float> features, int dimensions)
    {
        double[] norms = new double[features.Length / dimensions];
        backend.For(norms.Length, i =>
        {
            ReadOnlySpan<float> feature = features.Span.Slice(i * dimensions, dimensions);
            norms[i] = Math.Sqrt(Dot(feature, feature));
        });
        int bad = Array.FindIndex(norms, n => !double.IsFinite(n));
        return bad < 0 ? norms : throw new ArgumentException($"feature {bad} holds numbers that are not finite");
    }

    // Four sums side by side, in one order on every machine.
    private static double Dot(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        Vector128<double> s0 = Vector128<double>.Zero, s1 = Vector128<double>.Zero;
        for (; a.Length >= 4; a = a[4..], b = b[4..])
        {
            (Vector128<double> a0, Vector128<double> a1) = Vector128.Widen(Vector128.Create(a));
            (Vector128<double> b0, Vector128<double> b1) = Vector128.Widen(Vector128.Create(b));
            s0 += a0 * b0;
            s1 += a1 * b1;
        }
        double sum = s0[0] + s0[1] + (s1[0] + s1[1]);
        for (int i = 0; i < a.Length; i++) sum += (double)a[i] * b[i];
        return sum;
    }

    private static double SquaredDifference(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        Vector128<double> s0 = Vector128<double>.Zero, s1 = Vector128<double>.Zero;
        for (; a.Length >= 4; a = a[4..], b = b[4..])
        {
            (Vector128<double> a0, Vector128<double> a1) = Vector128.Widen(Vector128.Create(a));
            (Vector128<double> b0, Vector128<double> b1) = Vector128.Widen(Vector128.Create(b));
            (a0, a1) = (a0 - b0, a1 - b1);
            s0 += a0 * a0;
            s1 += a1 * a1;
        }
        double sum = s0[0] + s0[1] + (s1[0] + s1[1]);
        for (int i = 0; i < a.Length; i++)
        {
            double difference = (double)a[i] - b[i];
            sum += difference * difference;
        }
        return sum;
    }

    /// <summary>Those that may be among the nearest, each known to lie between two values.</summary>
    private sealed class Candidates(int most)
    {
        // The largest of the upper ends of the nearest so far is first.
        private readonly PriorityQueue<int, double> upper = new(Comparer<double>.Create((a, b) => b.CompareTo(a)));
        private List<(int Index, double Low)> kept = [];
        private int next = 64;

        public void Offer(int index, double low, double high)
        {
            if (upper.Count < most) upper.Enqueue(index, high);
            else if (high < Limit) upper.EnqueueDequeue(index, high);
            if (upper.Count >= most && low > Limit) return;
            kept.Add((index, low));
            if (kept.Count < next) return;
            Prune();
            next = Math.Max(64, 2 * kept.Count);
        }

        public List<int> Indices()
        {
            Prune();
            return [.. kept.Select(k => k.Index)];
        }

        private double Limit => upper.TryPeek(out _, out double limit) ? limit : double.PositiveInfinity;

        private void Prune()
        {
            if (upper.Count >= most) kept = [.. kept.Where(k => k.Low <= Limit)];
        }
    }
}

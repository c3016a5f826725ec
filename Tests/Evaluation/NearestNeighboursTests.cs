using EvenNet.Framework;
using EvenNet.Kernels;

namespace EvenNet.Tests;

public sealed class NearestNeighboursTests
{
    private static float[] Features(int seed, int count, int dimensions, double offset = 0)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count * dimensions).Select(_ => (float)(random.NextDouble() - 0.5 + offset))];
    }

    // The offset makes all features nearly parallel and the differences small beside the rounding of the products.
    [Test]
    public void The_same_are_found_as_by_comparing_all_in_double([Values] FeatureDistance distance, [Values(0, 30)] double offset, [Values("cpu", "reference")] string device)
    {
        const int queries = 7, pool = 2100, dimensions = 37, most = 9;
        float[] a = Features(1, queries, dimensions, offset), b = Features(2, pool, dimensions, offset);
        using Backend backend = Backends.Open(device);
        Neighbour[][] found = NearestNeighbours.Find(backend, a, b, dimensions, most, distance);
        for (int q = 0; q < queries; q++)
        {
            Neighbour[] expected = [.. Enumerable.Range(0, pool).Select(p => new Neighbour(p, Plain(a.AsSpan(q * dimensions, dimensions), b.AsSpan(p * dimensions, dimensions), distance)))
                .OrderBy(n => n.Distance).ThenBy(n => n.Index).Take(most)];
            Assert.That(found[q].Select(n => n.Index), Is.EqualTo(expected.Select(n => n.Index)), $"query {q}");
            for (int i = 0; i < most; i++) Assert.That(found[q][i].Distance, Is.EqualTo(expected[i].Distance).Within(1e-9));
        }
    }

    [Test]
    public void A_query_of_the_pool_finds_itself_at_distance_zero([Values] FeatureDistance distance)
    {
        float[] pool = Features(3, 300, 64);
        using Backend backend = Backends.Open("cpu");
        Neighbour[][] found = NearestNeighbours.Find(backend, pool, pool, 64, 2, distance);
        for (int q = 0; q < found.Length; q++)
        {
            Assert.That(found[q][0], Is.EqualTo(new Neighbour(q, 0)));
            Assert.That(found[q][1].Distance, Is.Positive);
        }
    }

    [Test]
    public void Equally_near_ones_come_in_the_pools_order([Values] FeatureDistance distance)
    {
        float[] pool = [.. Enumerable.Range(0, 50).SelectMany(i => i % 2 == 0 ? new float[] { 1, 2, 3 } : [3, 2, 1])];
        using Backend backend = Backends.Open("cpu");
        Neighbour[][] found = NearestNeighbours.Find(backend, new float[] { 1, 2, 3 }, pool, 3, 30, distance);
        Assert.That(found.Single().Select(n => n.Index), Is.EqualTo(Enumerable.Range(0, 25).Select(i => 2 * i).Concat(Enumerable.Range(0, 5).Select(i => 2 * i + 1))));
    }

    [Test]
    public void The_number_of_threads_changes_nothing([Values] FeatureDistance distance)
    {
        float[] queries = Features(5, 300, 40), pool = Features(6, 1500, 40);
        using Backend one = Backends.Open("cpu", 1), three = Backends.Open("cpu", 3);
        Neighbour[][] expected = NearestNeighbours.Find(one, queries, pool, 40, 5, distance), found = NearestNeighbours.Find(three, queries, pool, 40, 5, distance);
        for (int q = 0; q < 300; q++) Assert.That(found[q], Is.EqualTo(expected[q]));
    }

    [Test]
    public void Few_none_zeros_and_huge_numbers_have_an_answer()
    {
        using Backend backend = Backends.Open("cpu");
        float[] query = [1, 0];
        Assert.Multiple(() =>
        {
            Assert.That(NearestNeighbours.Find(backend, query, Array.Empty<float>(), 2, 5, FeatureDistance.Euclidean).Single(), Is.Empty);
            Assert.That(NearestNeighbours.Find(backend, Array.Empty<float>(), query, 2, 5, FeatureDistance.Euclidean), Is.Empty);
            Assert.That(NearestNeighbours.Find(backend, query, new float[] { 0, 0, -1, 0, 1, 1 }, 2, 5, FeatureDistance.Cosine).Single().Select(n => (n.Index, Math.Round(n.Distance, 6))),
                Is.EqualTo(new[] { (2, 0.292893), (0, 1.0), (1, 2.0) }), "nothing is at distance 1 of everything");
            Assert.That(NearestNeighbours.Find(backend, new float[] { 3e38f, 0 }, new float[] { -3e38f, 0, 2e38f, 0 }, 2, 1, FeatureDistance.Euclidean).Single()[0].Index, Is.EqualTo(1));
            Assert.That(() => NearestNeighbours.Find(backend, query, new float[] { float.NaN, 0 }, 2, 1, FeatureDistance.Cosine), Throws.ArgumentException.With.Message.Contains("feature 0 holds numbers that are not finite"));
            Assert.That(() => NearestNeighbours.Find(backend, query, new float[3], 2, 1, FeatureDistance.Cosine), Throws.ArgumentException);
        });
    }

    private static double Plain(ReadOnlySpan<float> a, ReadOnlySpan<float> b, FeatureDistance distance)
    {
        double squares = 0, dot = 0, aa = 0, bb = 0;
        for (int i = 0; i < a.Length; i++)
        {
            squares += ((double)a[i] - b[i]) * ((double)a[i] - b[i]);
            dot += (double)a[i] * b[i];
            aa += (double)a[i] * a[i];
            bb += (double)b[i] * b[i];
        }
        return distance == FeatureDistance.Euclidean ? Math.Sqrt(squares) : 1 - dot / Math.Sqrt(aa * bb);
    }
}

using EvenNet.Detection;

namespace EvenNet.Tests.Detection;

public sealed class GraphSegmentationTests
{
    // Two halves of 8×6 that differ by 100 in one channel.
    private static float[] Halves()
    {
        float[] planes = new float[3 * 48];
        for (int i = 0; i < 48; i++) planes[i] = i % 8 < 4 ? 0 : 100;
        return planes;
    }

    // An edge of 100 joins two regions of 24 pixels where 100 ≤ k / 24.
    [TestCase(2000, 2)]
    [TestCase(2500, 1)]
    public void Regions_join_where_the_difference_is_no_larger_than_k_over_their_size(float k, int expected)
    {
        (int[] regions, int count) = GraphSegmentation.Run(Halves(), 8, 6, k, leastSize: 1);
        Assert.That(count, Is.EqualTo(expected));
        if (count == 2) Assert.That(regions, Is.EqualTo(Enumerable.Range(0, 48).Select(i => i % 8 < 4 ? 0 : 1)));
    }

    [Test]
    public void Small_regions_are_joined_to_a_neighbour()
    {
        float[] planes = new float[3 * 48];
        planes[3 * 8 + 3] = 255;
        Assert.That(GraphSegmentation.Run(planes, 8, 6, k: 50, leastSize: 1).Count, Is.EqualTo(2));
        Assert.That(GraphSegmentation.Run(planes, 8, 6, k: 50, leastSize: 2).Count, Is.EqualTo(1));
    }

    [Test]
    public void Every_region_has_the_least_size_and_numbers_follow_the_pixels()
    {
        var random = new Random(1);
        float[] planes = [.. Enumerable.Range(0, 3 * 40 * 30).Select(_ => (float)random.Next(256))];
        (int[] regions, int count) = GraphSegmentation.Run(planes, 40, 30, k: 100, leastSize: 20);
        int[] sizes = new int[count];
        int seen = 0;
        foreach (int region in regions)
        {
            Assert.That(region, Is.LessThanOrEqualTo(seen));
            seen = Math.Max(seen, region + 1);
            sizes[region]++;
        }
        Assert.That(seen, Is.EqualTo(count).And.GreaterThan(1));
        Assert.That(sizes.Min(), Is.GreaterThanOrEqualTo(20));
    }
}

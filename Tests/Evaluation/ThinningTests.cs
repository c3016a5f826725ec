using EvenNet.Framework;

namespace EvenNet.Tests;

public sealed class ThinningTests
{
    [Test]
    public void A_short_curve_stays_whole() =>
        Assert.That(Thinning.Indices([0, 1, 2, 3, 4, 5, 6, 7], [5, 5, 5, 5, 5, 5, 5, 5], 2), Is.EqualTo(Enumerable.Range(0, 8)));

    [Test]
    public void Each_range_keeps_its_first_last_lowest_and_highest()
    {
        // Two ranges of ten points: 0 … 9 and 10 … 19.
        double[] y = [5, 6, 1, 6, 9, 5, 5, 5, 5, 4, 7, 2, 2, 2, 2, 2, 2, 8, 3, 3];
        int[] kept = Thinning.Indices([.. Enumerable.Range(0, 20).Select(i => (double)i)], y, 2);
        Assert.That(kept, Is.EqualTo(new[] { 0, 2, 4, 9, 10, 11, 17, 19 }));
    }

    [Test]
    public void Of_numbers_that_are_none_one_stays_in_each_range()
    {
        double[] y = [.. Enumerable.Range(0, 100).Select(i => i is >= 30 and < 70 ? double.NaN : i)];
        int[] kept = Thinning.Indices([.. Enumerable.Range(0, 100).Select(i => (double)i)], y, 1);
        Assert.That(kept, Is.EqualTo(new[] { 0, 30, 99 }));
    }

    [Test]
    public void A_hundred_thousand_points_keep_every_extreme_and_few_others()
    {
        var random = new System.Random(1);
        double[] x = [.. Enumerable.Range(0, 100_000).Select(i => 20.0 * i)], y = [.. x.Select(_ => random.NextDouble())];
        y[41_234] = 50;
        y[77_777] = -50;
        int[] kept = Thinning.Indices(x, y, 500);
        Assert.That(kept, Is.Ordered.And.Unique.And.Length.LessThanOrEqualTo(5 * 500).And.Contain(41_234).And.Contain(77_777).And.Contain(0).And.Contain(99_999));
    }

    [TestCase(1)]
    [TestCase(7)]
    public void Points_at_one_place_are_one_range(int ranges) =>
        Assert.That(Thinning.Indices([.. Enumerable.Repeat(3.0, 100)], [.. Enumerable.Range(0, 100).Select(i => (double)i)], ranges), Is.EqualTo(new[] { 0, 99 }));

    [Test]
    public void Another_number_of_values_is_refused() =>
        Assert.That(() => Thinning.Indices([1, 2], [1], 1), Throws.ArgumentException.With.Message.Contains("2 x but 1 y"));
}

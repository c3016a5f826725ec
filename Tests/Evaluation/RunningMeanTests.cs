using EvenNet.Framework;

namespace EvenNet.Tests;

public sealed class RunningMeanTests
{
    [Test]
    public void Values_weigh_as_much_as_their_batches()
    {
        var mean = new RunningMean();
        Assert.That((mean.Value, mean.Count), Is.EqualTo(((double?)null, 0)));
        mean.Add(1, weight: 10);
        mean.Add(4, weight: 5);
        Assert.That((mean.Value, mean.Count), Is.EqualTo(((double?)2, 2)));
        mean.Reset();
        Assert.That((mean.Value, mean.Count), Is.EqualTo(((double?)null, 0)));
    }

    [Test]
    public void A_window_holds_the_last_values_only()
    {
        var mean = new RunningMean(3);
        var seen = new List<double?>();
        foreach (double value in new[] { 3, 5, 7, 1e300, double.NaN, 1, 2, 6 })
        {
            mean.Add(value);
            seen.Add(mean.Value);
        }
        Assert.That(seen[..3], Is.EqualTo(new double?[] { 3, 4, 5 }));
        Assert.That(seen[4], Is.NaN);
        Assert.That(seen[6], Is.NaN);
        Assert.That(seen[7], Is.EqualTo(3), "neither the large value nor the one that is no number has left a trace");
        Assert.That(mean.Count, Is.EqualTo(3));
    }

    [Test]
    public void Weights_are_positive_and_windows_not_negative()
    {
        Assert.That(() => new RunningMean().Add(1, weight: 0), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => new RunningMean(-1), Throws.TypeOf<ArgumentOutOfRangeException>());
    }
}

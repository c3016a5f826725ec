using EvenNet.Framework;

namespace EvenNet.Tests;

public sealed class MonitoredValueTests
{
    [TestCase(true, new[] { 0.2, 0.5, 0.4, 0.5, 0.6 }, new[] { true, true, false, false, true })]
    [TestCase(false, new[] { 2.0, 2.5, 1.5, 1.5, 1.0 }, new[] { true, false, true, false, true })]
    [TestCase(true, new[] { double.NaN, -3, double.NaN, double.PositiveInfinity, 1e300 }, new[] { false, true, false, true, false })]
    [TestCase(false, new[] { double.PositiveInfinity, 3, double.NaN }, new[] { true, true, false })]
    public void A_value_is_the_best_where_it_is_better_than_all_before(bool largerIsBetter, double[] values, bool[] isBest)
    {
        var monitored = new MonitoredValue("map", largerIsBetter);
        Assert.That(values.Select((value, i) => monitored.Update(10 * i, value)), Is.EqualTo(isBest));
        int best = Array.LastIndexOf(isBest, true);
        Assert.That((monitored.Best, monitored.BestIteration), Is.EqualTo(((double?)values[best], (int?)(10 * best))));
    }

    [Test]
    public void Patience_counts_from_the_last_gain()
    {
        var monitored = new MonitoredValue("map", largerIsBetter: true, patience: 3);
        var stops = new List<bool>();
        foreach (double value in new[] { 0.1, 0.3, 0.2, 0.3, 0.4, 0.1, 0.2, 0.4 })
        {
            monitored.Update(stops.Count, value);
            stops.Add(monitored.ShouldStop);
        }
        Assert.That(stops, Is.EqualTo(new[] { false, false, false, false, false, false, false, true }));
        Assert.That(monitored.Waited, Is.EqualTo(3));
    }

    // Small steps are each a new best, but they do not begin the patience anew until together they are gain enough.
    [Test]
    public void Gains_too_small_for_the_patience_still_make_the_best()
    {
        var monitored = new MonitoredValue("loss", largerIsBetter: false, leastGain: 0.25, patience: 4);
        double[] losses = [1, 0.9375, 0.875, 0.8125, 0.6875, 0.625];
        int[] waited = [0, 1, 2, 3, 0, 1];
        for (int i = 0; i < losses.Length; i++)
        {
            Assert.That(monitored.Update(i, losses[i]), Is.True);
            Assert.That(monitored.Waited, Is.EqualTo(waited[i]), $"after {losses[i]}");
        }
        Assert.That(monitored.ShouldStop, Is.False);
    }

    [Test]
    public void A_gain_of_exactly_the_least_is_none()
    {
        var monitored = new MonitoredValue("map", largerIsBetter: true, leastGain: 0.5, patience: 1);
        monitored.Update(0, 1);
        monitored.Update(1, 1.5);
        Assert.That(monitored.ShouldStop, Is.True);
    }

    [Test]
    public void Without_patience_it_never_stops()
    {
        var monitored = new MonitoredValue("map", largerIsBetter: true);
        for (int i = 0; i < 100; i++) monitored.Update(i, -i);
        Assert.That((monitored.ShouldStop, monitored.Waited), Is.EqualTo((false, 99)));
    }

    [Test]
    public void A_state_that_is_restored_decides_as_the_first_would_have()
    {
        double[] values = [double.NaN, 0.1, 0.30000000000000004, 0.2, 0.31, 0.3, 0.45, 0.1, 0.2];
        for (int cut = 0; cut <= values.Length; cut++)
        {
            var first = new MonitoredValue("map", largerIsBetter: true, leastGain: 0.1, patience: 3);
            for (int i = 0; i < cut; i++) first.Update(i, values[i]);
            var second = new MonitoredValue("map", largerIsBetter: true, leastGain: 0.1, patience: 3);
            second.Update(99, 99);
            Assert.That(second.Restore(first.State()), Is.True);
            for (int i = cut; i < values.Length; i++) Assert.That(second.Update(i, values[i]), Is.EqualTo(first.Update(i, values[i])));
            Assert.That((second.Best, second.BestIteration, second.Waited, second.ShouldStop), Is.EqualTo((first.Best, first.BestIteration, first.Waited, first.ShouldStop)), $"cut after {cut}");
        }
    }

    // A process that is killed between an evaluation and its checkpoint makes the evaluation again.
    [Test]
    public void What_is_known_already_is_not_counted_twice()
    {
        var monitored = new MonitoredValue("map", largerIsBetter: true, patience: 2);
        monitored.Update(10, 0.5);
        monitored.Update(20, 0.4);
        var restored = new MonitoredValue("map", largerIsBetter: true, patience: 2);
        restored.Restore(monitored.State());
        Assert.That(restored.Update(20, 0.4), Is.False);
        Assert.That(restored.Update(10, 0.5), Is.True, "it is the best");
        Assert.That((restored.Waited, restored.Iteration, restored.ShouldStop), Is.EqualTo((1, (int?)20, false)));
        // States of before iterations were remembered.
        var old = new Dictionary<string, string>(monitored.State());
        old.Remove("monitored.iteration");
        Assert.That(restored.Restore(old), Is.True);
        Assert.That(restored.Iteration, Is.Null);
    }

    [Test]
    public void The_state_of_another_value_changes_nothing_and_a_broken_one_is_named()
    {
        var loss = new MonitoredValue("loss", largerIsBetter: false);
        loss.Update(3, 0.5);
        var map = new MonitoredValue("map", largerIsBetter: true);
        map.Update(1, 0.25);
        foreach (IReadOnlyDictionary<string, string> state in new[] { loss.State(), new MonitoredValue("map", largerIsBetter: false).State(), new Dictionary<string, string>() })
            Assert.That(map.Restore(state), Is.False);
        Assert.That((map.Best, map.BestIteration), Is.EqualTo(((double?)0.25, (int?)1)));
        var broken = new Dictionary<string, string>(map.State()) { ["monitored.best"] = "high" };
        Assert.That(() => map.Restore(broken), Throws.TypeOf<FormatException>().With.Message.EqualTo("monitored.best is «high», not a number"));
        broken.Remove("monitored.waited");
        Assert.That(() => map.Restore(broken), Throws.TypeOf<FormatException>().With.Message.EqualTo("monitored.waited is missing"));
    }

    [Test]
    public void Settings_without_sense_are_refused()
    {
        Assert.That(() => new MonitoredValue("map", true, leastGain: -1), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => new MonitoredValue("map", true, leastGain: double.NaN), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => new MonitoredValue("map", true, patience: -1), Throws.TypeOf<ArgumentOutOfRangeException>());
    }
}

using EvenNet.Framework;

namespace EvenNet.Tests.Training;

public sealed class ScheduleTests
{
    private static IEnumerable<TestCaseData> Policies =>
    [
        new("fixed", Schedule.Fixed(0.1f)),
        new("step", Schedule.Step(0.1f, factor: 0.5f, every: 4)),
        new("exp", Schedule.Exponential(0.1f, factor: 0.9f)),
        new("inv", Schedule.Inverse(0.1f, factor: 0.1f, power: 0.75f)),
        new("multistep", Schedule.Steps(0.1f, factor: 0.3f, 3, 5, 11)),
        new("poly", Schedule.Polynomial(0.1f, power: 0.5f, iterations: 20)),
        new("sigmoid", Schedule.Sigmoid(0.1f, factor: 0.3f, middle: 8)),
    ];

    [TestCaseSource(nameof(Policies))]
    public void A_policy_gives_caffes_rates(string policy, Schedule schedule)
    {
        float[] recorded = Golden.Open("lr_policies")[$"lr/{policy}"];
        Assert.That(recorded, Has.Length.EqualTo(20));
        for (int i = 0; i < recorded.Length; i++) Assert.That(schedule.At(i), Is.EqualTo(recorded[i]).Within(1e-6 * recorded[i]), $"iteration {i}");
    }

    [Test]
    public void A_step_falls_exactly_at_its_iterations()
    {
        var schedule = Schedule.Step(1, factor: 0.5f, every: 10);
        Assert.That(new[] { 0, 9, 10, 19, 20 }.Select(schedule.At), Is.EqualTo((double[])[1, 1, 0.5, 0.5, 0.25]));
        var steps = Schedule.Steps(1, factor: 0.5f, 3, 5);
        Assert.That(new[] { 2, 3, 4, 5, 500 }.Select(steps.At), Is.EqualTo((double[])[1, 0.5, 0.5, 0.25, 0.25]));
    }

    [Test]
    public void A_polynomial_ends_at_zero_and_stays_there()
    {
        var schedule = Schedule.Polynomial(1, power: 0.5f, iterations: 4);
        Assert.That(new[] { 0, 3, 4, 9 }.Select(schedule.At), Is.EqualTo((double[])[1, 0.5, 0, 0]));
    }

    [Test]
    public void A_cosine_falls_from_the_rate_to_the_least_and_stays_there()
    {
        var schedule = Schedule.Cosine(1, iterations: 4, least: 0.5f);
        double half = Math.Sqrt(0.5);
        Assert.That(new[] { 0, 1, 2, 3, 4, 9 }.Select(schedule.At), Is.EqualTo((double[])[1, 0.75 + half / 4, 0.75, 0.75 - half / 4, 0.5, 0.5]).Within(1e-12));
        Assert.That(Schedule.Cosine(1, iterations: 4).At(4), Is.Zero);
        Assert.That($"{Schedule.Cosine(0.1f, iterations: 80)}", Is.EqualTo("0.1, falling as a cosine to 0 at 80"));
        Assert.That(() => Schedule.Cosine(1, iterations: 0), Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("got 0"));
    }

    [Test]
    public void A_warm_up_multiplies_the_first_rates_of_any_schedule()
    {
        Schedule schedule = Schedule.Step(8, factor: 0.5f, every: 3).WarmUp(4);
        Assert.That(new[] { 0, 1, 2, 3, 4, 6 }.Select(schedule.At), Is.EqualTo((double[])[2, 4, 6, 4, 4, 2]));
        Assert.That(Schedule.Fixed(8).WarmUp(4, from: 0.5f).At(0), Is.EqualTo(8 * 0.625));
        Assert.That($"{schedule}", Is.EqualTo("8, times 0.5 every 3, warmed up over 4"));
        Assert.That($"{Schedule.Fixed(8).WarmUp(4, from: 0.5f)}", Is.EqualTo("8, warmed up over 4 from 0.5 of it"));
        Assert.That(() => schedule.WarmUp(0), Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("got 0"));
        Assert.That(() => schedule.WarmUp(4, from: 2), Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("got 2"));
    }

    [Test]
    public void A_number_is_a_schedule_and_schedules_say_what_they_are()
    {
        Schedule schedule = 0.25f;
        Assert.That(schedule.At(1_000_000), Is.EqualTo(0.25));
        Assert.That(Schedule.Step(0.001f, factor: 0.5f, every: 10_000).ToString(), Is.EqualTo("0.001, times 0.5 every 10000"));
        Assert.That(() => Schedule.Step(1, 0.5f, every: 0), Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("got 0"));
        Assert.That(() => schedule.At(-1), Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("got -1"));
    }
}

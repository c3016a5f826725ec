using EvenNet.Cli;
using EvenNet.Initialization;

namespace EvenNet.Tests.Cli;

public sealed class StageClockTests
{
    // A training that saves now and then is not half done in the moment after a checkpoint.
    [Test]
    public void A_stage_that_goes_on_after_another_is_timed_from_what_it_had_done()
    {
        var clock = new StageClock();
        Assert.That(clock.Take(new InitProgress("training", "", 0.25)), Is.True);
        Assert.That(clock.SecondsLeft, Is.Not.Null.And.EqualTo(3 * clock.Seconds).Within(1));
        Assert.That(clock.Take(new InitProgress("training", "", 0.5)), Is.False);
        Assert.That(clock.Take(new InitProgress("saving", "", 0)), Is.True);
        Assert.That(clock.SecondsLeft, Is.Null);
        Assert.That(clock.Take(new InitProgress("training", "", 0.5)), Is.True);
        Assert.That(clock.SecondsLeft, Is.Null, "nothing was done since");
        clock.Take(new InitProgress("training", "", 0.51));
        Assert.That(clock.SecondsLeft, Is.Not.Null);
        // Another round of a stage begins at its beginning.
        clock.Take(new InitProgress("saving", "", 0));
        clock.Take(new InitProgress("training", "", 0.1));
        Assert.That(clock.SecondsLeft, Is.Not.Null);
    }
}

using EvenNet.Framework;

namespace EvenNet.Tests;

public sealed class RateFinderTests
{
    [Test]
    public void A_search_leaves_the_parameters_as_they_were_and_suggests_a_rate_that_learns()
    {
        using var training = new TinyTraining(dropout: 0);
        int[] before = training.Bits();
        RateFinder.Result found = Find(training, new RateFinder { From = 1e-5f, To = 10, Steps = 60 });
        Assert.That(training.Bits(), Is.EqualTo(before));
        Assert.That(training.Parameters.HoldsGradients, Is.False);
        Assert.That(found.Points[0].Rate, Is.EqualTo(1e-5).Within(1e-10));
        Assert.That(found.Points.Zip(found.Points.Skip(1)).All(p => Math.Abs(p.Second.Rate / p.First.Rate - Math.Pow(1e6, 1.0 / 59)) < 1e-4), Is.True, "the same factor each time");
        TestContext.Out.WriteLine($"{found.Points.Count} steps, suggested {found.Suggested:G3}");
        Assert.That(found.Suggested, Is.InRange(1e-4, 0.5));

        using var trained = new TinyTraining(dropout: 0, schedule: (float)found.Suggested!.Value);
        double[] losses = trained.Train(40);
        Assert.That(losses[^5..].Average(), Is.LessThan(0.7 * losses[..5].Average()));
    }

    [Test]
    public void One_that_runs_away_leaves_them_too()
    {
        using var training = new TinyTraining(dropout: 0);
        int[] before = training.Bits();
        RateFinder.Result found = Find(training, new RateFinder { From = 1, To = 1e30f, Steps = 20 });
        Assert.That(training.Bits(), Is.EqualTo(before));
        Assert.That(found.Points, Has.Count.LessThan(20));
        Assert.That(found.Points.All(p => double.IsFinite(p.Loss)), Is.True);
    }

    [Test]
    public void One_that_is_cancelled_leaves_them_too()
    {
        using var training = new TinyTraining();
        int[] before = training.Bits();
        using var cancellation = new CancellationTokenSource();
        Assert.That(() => Find(training, new RateFinder(), new Progress(share => { if (share > 0.1) cancellation.Cancel(); }), cancellation.Token), Throws.InstanceOf<OperationCanceledException>());
        Assert.That(training.Bits(), Is.EqualTo(before));
    }

    // The training after a search is the training without one, to the bit.
    [Test]
    public void A_training_after_a_search_is_the_same()
    {
        using TinyTraining plain = new(), searched = new();
        Find(searched, new RateFinder { Steps = 10 });
        Assert.That(searched.Train(10), Is.EqualTo(plain.Train(10)));
        Assert.That(searched.State(), Is.EqualTo(plain.State()));
    }

    [Test]
    public void Settings_without_sense_are_refused()
    {
        using var training = new TinyTraining();
        foreach (RateFinder finder in new RateFinder[] { new() { From = 0 }, new() { From = 1, To = 0.5f }, new() { Steps = 1 }, new() { From = float.NaN } })
            Assert.That(() => Find(training, finder), Throws.ArgumentException);
    }

    private static RateFinder.Result Find(TinyTraining training, RateFinder finder, IProgress<double>? progress = null, CancellationToken cancellation = default) =>
        finder.Run(training.Net, training.Trainer.Data, schedule => training.Make("sgd", schedule), progress, cancellation);

    private sealed class Progress(Action<double> report) : IProgress<double>
    {
        public void Report(double value) => report(value);
    }
}

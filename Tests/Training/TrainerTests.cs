using EvenNet.Framework;

namespace EvenNet.Tests;

public sealed class TrainerTests
{
    // Weights, what batch normalization has gathered, what the solver remembers, the place in the data: the files are the same byte for byte. The second half
    // is made by another process as far as the library can tell, with other numbers of threads and workers. 40 samples and batches of 6, so that batches
    // reach from one epoch into the next.
    [TestCase("sgd", 1)]
    [TestCase("sgd", 3)]
    [TestCase("adam", 1)]
    [TestCase("adam", 2)]
    [TestCase("rmsprop", 1)]
    [TestCase("clipped", 2)]
    public void Forty_steps_equal_twenty_a_checkpoint_and_twenty(string solver, int accumulate)
    {
        using var folder = new TemporaryFolder();
        using var whole = new TinyTraining(solver, accumulate: accumulate);
        double[] losses = whole.Train(40);
        byte[] expected = whole.State();

        using (var first = new TinyTraining(solver, accumulate: accumulate))
        {
            Assert.That(first.Train(20), Is.EqualTo(losses[..20]));
            TrainingState.Save(folder["state"], first.Trainer);
            // Whatever came after is forgotten.
            first.Train(23);
        }
        using var second = new TinyTraining(solver, threads: 2, workers: 4, accumulate: accumulate);
        TrainingState.Load(folder["state"], second.Trainer);
        Assert.That((second.Solver.Iteration, second.Trainer.Position), Is.EqualTo((20, new DataPosition(0, 0).After(20L * 6 * accumulate, 40))));
        Assert.That(second.Train(40), Is.EqualTo(losses[20..]));
        Assert.That(second.State(), Is.EqualTo(expected));
        Assert.That(losses[^10..].Average(), Is.LessThan(losses[..10].Average()), "it learns");
    }

    [Test]
    public void Threads_and_workers_change_no_bit([Values(1, 2, 3)] int threads, [Values(1, 4)] int workers)
    {
        using TinyTraining one = new(), other = new(threads: threads, workers: workers);
        double[] losses = one.Train(15);
        Assert.That(other.Train(15), Is.EqualTo(losses));
        Assert.That(other.State(), Is.EqualTo(one.State()));
    }

    // A test that compares runs must be able to tell one from another.
    [Test]
    public void Another_seed_gives_other_bits()
    {
        using TinyTraining one = new(), other = new(seed: 8);
        Assert.That(other.Train(3), Is.Not.EqualTo(one.Train(3)));
    }

    [Test]
    public void Enumerating_step_by_step_is_the_same_as_at_once()
    {
        using TinyTraining one = new(), other = new();
        double[] losses = one.Train(12);
        Assert.That(Enumerable.Range(1, 12).SelectMany(i => other.Train(i)), Is.EqualTo(losses));
        Assert.That(other.State(), Is.EqualTo(one.State()));
        Assert.That(other.Train(12), Is.Empty);
    }

    [Test]
    public void A_step_says_what_it_did()
    {
        using var training = new TinyTraining(accumulate: 2);
        TrainingStep[] steps = [.. training.Trainer.Steps(3)];
        Assert.That(steps.Select(s => (s.Iteration, s.Images)), Is.EqualTo(new[] { (1, 12), (2, 12), (3, 12) }));
        Assert.That(steps.Select(s => s.Rate), Is.EqualTo(Enumerable.Range(0, 3).Select(training.Solver.Rate.At)));
        Assert.That(steps.All(s => s.Seconds > 0 && s.WaitSeconds >= 0 && s.WaitSeconds <= s.Seconds), Is.True);
    }

    [Test]
    public void The_state_of_another_net_solver_or_data_set_is_refused_and_changes_nothing()
    {
        using var folder = new TemporaryFolder();
        using var training = new TinyTraining();
        training.Train(2);
        byte[] before = training.State();
        void Refused(string message)
        {
            Assert.That(() => TrainingState.Load(folder["state"], training.Trainer), Throws.TypeOf<WeightsFormatException>().With.Message.Contains(message).And.Message.Contains(folder["state"]));
            Assert.That(training.State(), Is.EqualTo(before));
        }
        Checkpoint.Save(training.Parameters, folder["state"]);
        Refused("it holds weights, but not the state of a run");
        using (var adam = new TinyTraining("adam")) TrainingState.Save(folder["state"], adam.Trainer);
        Refused("holds the state of the solver adam, not of sgd");
        using (var wider = new TinyTraining(data: new PatternDataset(40, classes: 5))) TrainingState.Save(folder["state"], wider.Trainer);
        Refused("fc2.weight is 5×12 in the file and 4×12 in the net");
        using (var more = new TinyTraining(data: new PatternDataset(44))) TrainingState.Save(folder["state"], more.Trainer);
        Refused("was written by a run on 44 samples, but patterns all has 40 now");
        TrainingState.Save(folder["state"], training.Trainer);
        File.WriteAllBytes(folder["state"], File.ReadAllBytes(folder["state"])[..^50]);
        Refused("cut off");
    }

    [Test]
    public void Parts_that_do_not_fit_are_told_apart()
    {
        using TinyTraining one = new(), other = new();
        Assert.That(() => new Trainer(one.Net, other.Solver, one.Trainer.Data), Throws.ArgumentException.With.Message.Contains("other parameters"));
        Assert.That(() => new Trainer(one.Net, one.Solver, new DataLoader(one.Data, TinyTraining.Augmentation, new LoaderOptions(4, 1))), Throws.ArgumentException.With.Message.Contains("the loader's batch is 4, the net's 6"));
        Assert.That(() => new Trainer(one.Net, one.Solver, new DataLoader(one.Data, TinyTraining.Augmentation with { Crop = new TenCrop(), Mirror = false }, new LoaderOptions(6, 1))), Throws.ArgumentException.With.Message.Contains("makes 10"));
        Assert.That(() => new Trainer(one.Net, one.Solver, new DataLoader(one.Data, new Augmentation(new Shape(3, 10, 10)), new LoaderOptions(6, 1))),
            Throws.ArgumentException.With.Message.Contains("the data give pictures of 3×10×10 with 1 label; the net's inputs are data of 3×12×12 and label of 1"));
    }

    // The loader's batches are used again, the net's memory is planned once; what is left are the numbers of a step.
    [Test]
    [NonParallelizable]
    public void A_step_allocates_next_to_nothing([Values("sgd", "adam")] string solver)
    {
        using var training = new TinyTraining(solver);
        using IEnumerator<TrainingStep> steps = training.Trainer.Steps(1000).GetEnumerator();
        for (int i = 0; i < 100; i++) steps.MoveNext();
        const int Counted = 50;
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < Counted; i++) steps.MoveNext();
        double bytes = (double)(GC.GetAllocatedBytesForCurrentThread() - before) / Counted;
        TestContext.Out.WriteLine($"{solver}: {bytes} bytes a step");
        Assert.That(bytes, Is.LessThanOrEqualTo(512));
    }
}

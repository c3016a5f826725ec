using EvenNet.Framework;
using EvenNet.Kernels.Cuda;

namespace EvenNet.Tests.Cuda;

/// <summary>Training steps that are recorded once and given as one: beside those that are given kernel by kernel, on the emulated device and on a GPU.</summary>
[TestFixture(false), TestFixture(true, Category = "Gpu")]
public sealed class CudaStepTests(bool gpu) : CudaFixture(gpu)
{
    private const int Steps = 9;

    // Dropout, batch normalization, a rate that is another one in each step; Adam's correction is as well. Frozen half way and thawed.
    [Test]
    public void A_recorded_step_trains_as_a_looped_one_to_the_bit([Values("sgd", "adam", "rmsprop")] string solver, [Values(1, 3)] int accumulate)
    {
        foreach (ThreadOrder order in Place.Orders)
        {
            (double[] Losses, int[] Bits) looped = Trained(times: true), recorded = Trained(times: false);
            Assert.That(recorded.Losses, Is.EqualTo(looped.Losses), $"{order}");
            Assert.That(recorded.Bits, Is.EqualTo(looped.Bits), $"{order}");
            Assert.That(looped.Losses, Is.Unique.And.All.GreaterThan(0));

            (double[], int[]) Trained(bool times)
            {
                using var training = new TinyTraining(solver, accumulate: accumulate, on: Place.Open(order), times: times);
                Assert.That(training.Trainer.RecordingObstacle, times ? Does.Contain("timed") : Is.Null);
                double[] before = training.Train(3);
                training.Parameters["conv1.weight"].LearningRate = 0;
                double[] frozen = training.Train(6);
                training.Parameters["conv1.weight"].LearningRate = 1;
                return ([.. before, .. frozen, .. training.Train(Steps)], training.Bits());
            }
        }
    }

    [Test]
    public void Losses_that_are_read_late_are_those_of_their_steps()
    {
        using TinyTraining once = new(on: Place.Open()), late = new(on: Place.Open());
        double[] expected = once.Train(80);
        TrainingStep[] steps = [.. late.Trainer.Steps(80)];
        Assert.That(steps.Select(s => s.IsLossKnown), Is.All.True, "the end of the steps has read them");
        Assert.That(steps.Select(s => s.Loss), Is.EqualTo(expected));
        using IEnumerator<TrainingStep> more = late.Trainer.Steps(100).GetEnumerator();
        more.MoveNext();
        Assert.That(more.Current.IsLossKnown, Is.False);
        Assert.That(more.Current.Loss, Is.EqualTo(once.Train(81)[0]));
        Assert.That(more.Current.IsLossKnown);
    }

    [Test]
    public void Training_on_the_device_is_that_of_the_cpu_for_the_first_steps([Values("sgd", "adam", "rmsprop")] string solver)
    {
        using TinyTraining cpu = new(solver, rate: 0.01f), cuda = new(solver, rate: 0.01f, on: Place.Open());
        double[] expected = cpu.Train(6), actual = cuda.Train(6);
        // float32 sums in another order, amplified by six steps of training.
        for (int i = 0; i < expected.Length; i++) Assert.That(actual[i], Is.EqualTo(expected[i]).Within(2e-3 * expected[i]), $"loss of step {i + 1}");
    }

    // One launch for all against one launch a parameter; chunks of 16,384, an odd length, a parameter that is only cleared, decay by sign.
    [Test]
    public void One_launch_updates_all_parameters_as_one_launch_for_each([Values("sgd", "nesterov", "adam", "rmsprop")] string rule, [Values] DecayKind decay)
    {
        using CudaBackend cuda = Place.Open();
        int[] counts = [40_001, 7, 16_384, 64];
        float[][] One(bool together)
        {
            using Storage values = cuda.Allocate(60_000), gradients = cuda.Allocate(60_000), first = cuda.Allocate(60_000), second = cuda.Allocate(60_000);
            var random = new Random(3);
            foreach (Storage s in (Storage[])[values, gradients, first]) s.Write(0, Sample.Normal(random, 60_000));
            second.Write(0, [.. Sample.Normal(random, 60_000).Select(v => v * v)]);
            long offset = 0;
            List<(Region W, Region G, Region M, Region V)> parts = [];
            foreach (int count in counts)
            {
                parts.Add((new(values, offset, count), new(gradients, offset, count), new(first, offset, count), new(second, offset, count)));
                offset += (count + 15) / 16 * 16 + (count == 7 ? 1 : 0);       // the third part does not begin on 16 bytes
            }
            Region cleared = new(gradients, 59_000, 500);
            for (float rate = 0.1f; rate > 0.01f; rate /= 2)
                switch (rule)
                {
                    case "adam":
                        AdamUpdate[] adam = [.. parts.Select((p, i) => new AdamUpdate(p.W, p.G, p.M, p.V, 0.5f, 0.01f * i, 0.9f, 0.99f, 1e-4f, rate * i, decay))];
                        Run(adam, cuda.Fuse, u => cuda.Adam(u));
                        break;
                    case "rmsprop":
                        RmsPropUpdate[] rms = [.. parts.Select((p, i) => new RmsPropUpdate(p.W, p.G, p.V, 0.5f, 0.01f * i, 0.9f, 1e-4f, rate * i, decay))];
                        Run(rms, cuda.Fuse, u => cuda.RmsProp(u));
                        break;
                    default:
                        SgdUpdate[] sgd = [.. parts.Select((p, i) => new SgdUpdate(p.W, p.G, p.M, 0.5f, 0.01f * i, 0.9f, rate * i, decay, rule == "nesterov"))];
                        Run(sgd, cuda.Fuse, u => cuda.Sgd(u));
                        break;
                }
            return [.. new[] { values, gradients, first, second }.Select(s =>
            {
                float[] read = new float[60_000];
                s.Read(0, read);
                return read;
            })];

            void Run<T>(T[] updates, Func<IReadOnlyList<T>, IReadOnlyList<Region>, IReadOnlyList<Region>, FusedUpdate<T>> fuse, Action<T> apart) where T : struct
            {
                if (together)
                {
                    using FusedUpdate<T> all = fuse(updates, [cleared], []);
                    all.Set(updates);
                    all.Run();
                    return;
                }
                foreach (T update in updates) apart(update);
                cleared.Clear();
            }
        }
        Assert.That(One(together: true), Is.EqualTo(One(together: false)));
    }

    // Rates change by a launch, everything else by a copy; both are there for the run after.
    [Test]
    public void What_is_set_is_used_by_the_next_run()
    {
        using CudaBackend cuda = Place.Open();
        using Storage w = cuda.Allocate(200), g = cuda.Allocate(200), v = cuda.Allocate(200);
        SgdUpdate[] Updates(float rate, float decay) => [.. Enumerable.Range(0, 200).Select(i => new SgdUpdate(new(w, i, 1), new(g, i, 1), new(v, i, 1), 1, decay, 0, rate * i))];
        using FusedUpdate<SgdUpdate> all = cuda.Fuse(Updates(0, 0), [], []);
        float[] Read()
        {
            float[] read = new float[200];
            w.Read(0, read);
            return read;
        }
        void Run(SgdUpdate[] updates)
        {
            g.Fill(0, 200, 1);
            all.Set(updates);
            all.Run();
        }
        Run(Updates(1, 0));
        Assert.That(Read(), Is.EqualTo(Enumerable.Range(0, 200).Select(i => -(float)i)));
        Run(Updates(2, 0));
        Assert.That(Read(), Is.EqualTo(Enumerable.Range(0, 200).Select(i => -3f * i)));
        w.Fill(0, 200, 1);
        Run(Updates(0.5f, 1));
        Assert.That(Read(), Is.EqualTo(Enumerable.Range(0, 200).Select(i => 1 - 0.5f * i * 2)));
    }

    [Test]
    public void After_a_number_that_is_not_finite_nothing_is_changed_until_it_is_said([Values(float.NaN, float.PositiveInfinity, float.NegativeInfinity)] float bad)
    {
        using CudaBackend cuda = Place.Open();
        using Storage w = cuda.Allocate(40), g = cuda.Allocate(40), v = cuda.Allocate(40), watched = cuda.Allocate(300);
        SgdUpdate[] updates = [new(new(w, 0, 40), new(g, 0, 40), new(v, 0, 40), 1, 0, 0, 1)];
        using FusedUpdate<SgdUpdate> all = cuda.Fuse(updates, [], [new(watched, 0, 10), new(watched, 20, 280)]);
        float Weight(bool checks = true)
        {
            g.Fill(0, 40, 1);
            if (checks) all.Check();
            all.Run();
            float[] read = new float[40], gradients = new float[40];
            w.Read(0, read);
            g.Read(0, gradients);
            Assert.That(gradients, Is.All.Zero);
            return read[39];
        }
        Assert.That(Weight(), Is.EqualTo(-1));
        watched.Fill(15, 1, bad);
        Assert.That(Weight(), Is.EqualTo(-2), "which is not watched");
        watched.Fill(299, 1, bad);
        Assert.That(Weight(checks: false), Is.EqualTo(-3));
        Assert.That(Weight(), Is.EqualTo(-3));
        watched.Fill(299, 1, 0);
        Assert.That(Weight(), Is.EqualTo(-3));
        all.Resume();
        Assert.That(Weight(), Is.EqualTo(-4));
    }
}

using EvenNet.Framework;

namespace EvenNet.Tests;

public sealed class PhiloxTests
{
    // The known-answer vectors that the generator's authors publish (Random123, kat_vectors, philox4x32 10).
    [TestCase(0x0000000000000000ul, 0x00000000u, 0x00000000u, 0x00000000u, 0x00000000u, 0x6627e8d5u, 0xe169c58du, 0xbc57ac4cu, 0x9b00dbd8u)]
    [TestCase(0xfffffffffffffffful, 0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu, 0x408f276du, 0x41c83b0eu, 0xa20bc7c6u, 0x6d5451fdu)]
    [TestCase(0x299f31d0a4093822ul, 0x243f6a88u, 0x85a308d3u, 0x13198a2eu, 0x03707344u, 0xd16cfe09u, 0x94fdccebu, 0x5001e420u, 0x24126ea1u)]
    public void A_block_equals_the_published_vector(ulong key, uint c0, uint c1, uint c2, uint c3, uint w0, uint w1, uint w2, uint w3) =>
        Assert.That(Philox.Block(key, (c0, c1, c2, c3)), Is.EqualTo((w0, w1, w2, w3)));

    [Test]
    public void Bits_of_a_range_are_the_bits_one_by_one([Values(1, 15, 16, 63, 1000)] int count)
    {
        const ulong first = (1ul << 34) - 32;    // the block number carries into its second word on the way
        uint stream = Philox.Stream(RandomPurpose.Dropout, 7);
        uint[] bits = new uint[count];
        Philox.UniformBits(11, stream, 3, first, bits);
        for (int i = 0; i < count; i++) Assert.That(bits[i], Is.EqualTo(Philox.UniformBits(11, stream, 3, first + (ulong)i)), $"element {i}");
    }

    [Test]
    public void Bits_of_a_range_start_at_a_whole_block() =>
        Assert.That(() => Philox.UniformBits(1, 2, 3, 6, new uint[4]), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("multiple of 4, got 6"));

    [Test]
    public void A_threshold_keeps_its_share_of_the_elements([Values(0.0, 0.1, 0.5, 0.9)] double ratio)
    {
        uint[] bits = new uint[1 << 20];
        Philox.UniformBits(5, Philox.Stream(RandomPurpose.Dropout), 0, 0, bits);
        double below = bits.Count(b => b < Philox.Threshold(ratio)) / (double)bits.Length;
        Assert.That(below, Is.EqualTo(ratio).Within(4 * Math.Sqrt(ratio * (1 - ratio) / bits.Length)));
    }

    [Test]
    public void A_value_depends_on_its_position_and_not_on_the_pieces_it_was_filled_in()
    {
        uint stream = Philox.Stream(RandomPurpose.Weights, 2);
        float[] whole = new float[1003];
        new Philox(9, RandomPurpose.Weights, 2).FillGaussian(whole);

        // Pieces of two go the scalar way, pieces of eight and more through vectors: to the last bit the same.
        float[] pairs = new float[1004], blocks = new float[1004];
        for (int i = 0; i < pairs.Length; i += 2) Philox.Gaussian(9, stream, 0, (ulong)i / 2, pairs.AsSpan(i, 2));
        for (int i = 0; i < blocks.Length; i += 10) Philox.Gaussian(9, stream, 0, (ulong)i / 2, blocks.AsSpan(i, Math.Min(10, blocks.Length - i)));
        Assert.Multiple(() =>
        {
            Assert.That(pairs.Take(1003), Is.EqualTo(whole));
            Assert.That(blocks.Take(1003), Is.EqualTo(whole));
        });
    }

    [Test]
    public void Gaussian_values_are_box_and_muller_of_the_block()
    {
        float[] values = new float[20_000];
        new Philox(3, RandomPurpose.Noise, 4, draw: 5).FillGaussian(values);
        double worst = 0;
        for (int i = 0; i < values.Length; i += 2)
        {
            var (w0, w1, w2, w3) = Philox.Block(3, ((uint)i / 2, 0, 5, Philox.Stream(RandomPurpose.Noise, 4)));
            double u = (((ulong)w1 << 32 | w0) >> 12) * Math.Pow(2, -52) + Math.Pow(2, -53), v = (((ulong)w3 << 32 | w2) >> 12) * Math.Pow(2, -52) + Math.Pow(2, -53);
            double radius = Math.Sqrt(-2 * Math.Log(u)), angle = 2 * Math.PI * v;
            worst = Math.Max(worst, Math.Max(Relative(values[i], radius * Math.Cos(angle), radius), Relative(values[i + 1], radius * Math.Sin(angle), radius)));
        }
        Assert.That(worst, Is.LessThan(6e-8));    // half a unit of float's last place

        static double Relative(double value, double expected, double scale) => Math.Abs(value - expected) / scale;
    }

    [Test]
    public void Gaussian_values_have_the_moments_and_tails_of_the_normal_distribution()
    {
        float[] values = new float[4_000_000];
        new Philox(1, RandomPurpose.Weights).FillGaussian(values);
        double n = values.Length, mean = 0, variance = 0, third = 0, fourth = 0, lagged = 0, last = 0;
        int beyond2 = 0, beyond4 = 0;
        foreach (double value in values)
        {
            mean += value / n;
            variance += value * value / n;
            third += value * value * value / n;
            fourth += value * value * value * value / n;
            lagged += value * last / n;
            last = value;
            if (Math.Abs(value) > 2) beyond2++;
            if (Math.Abs(value) > 4) beyond4++;
        }

        // Four standard errors of each moment: 1, 2, 15 and 96 are their variances.
        Assert.Multiple(() =>
        {
            Assert.That(mean, Is.Zero.Within(4 * Math.Sqrt(1 / n)));
            Assert.That(variance, Is.EqualTo(1).Within(4 * Math.Sqrt(2 / n)));
            Assert.That(third, Is.Zero.Within(4 * Math.Sqrt(15 / n)));
            Assert.That(fourth, Is.EqualTo(3).Within(4 * Math.Sqrt(96 / n)));
            Assert.That(lagged, Is.Zero.Within(4 * Math.Sqrt(1 / n)));
            Assert.That(beyond2, Is.EqualTo(0.045500 * n).Within(4 * Math.Sqrt(0.0455 * n)));
            Assert.That(beyond4, Is.EqualTo(6.3342e-5 * n).Within(4 * Math.Sqrt(6.3342e-5 * n)));
        });
    }

    [Test]
    public void Purposes_indices_draws_and_seeds_have_different_values()
    {
        Philox[] sources =
        [
            new(1, RandomPurpose.Weights), new(2, RandomPurpose.Weights), new(1, RandomPurpose.Noise),
            new(1, RandomPurpose.Weights, 1), new(1, RandomPurpose.Weights, 0, draw: 1),
        ];
        uint[] first = [.. sources.Select(s => s.NextBits())];
        Assert.That(first.Distinct().Count(), Is.EqualTo(sources.Length));
        Assert.That(new Philox(1, RandomPurpose.Weights).NextBits(), Is.EqualTo(first[0]));
    }

    [Test]
    public void Calls_of_different_kinds_follow_each_other_without_using_a_value_twice()
    {
        var source = new Philox(6, RandomPurpose.Patches);
        float[] gaussian = new float[3], uniform = new float[5];
        uint first = source.NextBits();
        source.FillGaussian(gaussian);          // blocks 1 and 2
        source.FillUniform(uniform, 0, 1);      // blocks 3 and 4
        uint next = source.NextBits();          // block 5

        uint stream = Philox.Stream(RandomPurpose.Patches);
        float[] expected = new float[3];
        Philox.Gaussian(6, stream, 0, 1, expected);
        Assert.Multiple(() =>
        {
            Assert.That(first, Is.EqualTo(Philox.UniformBits(6, stream, 0, 0)));
            Assert.That(gaussian, Is.EqualTo(expected));
            Assert.That(uniform[4], Is.EqualTo((Philox.UniformBits(6, stream, 0, 16) >> 8) / 16777216f));
            Assert.That(next, Is.EqualTo(Philox.UniformBits(6, stream, 0, 20)));
        });
    }

    [Test]
    public void Uniform_values_fill_their_interval_evenly()
    {
        float[] values = new float[100_001];
        new Philox(8, RandomPurpose.Weights).FillUniform(values, -3, 5);
        Assert.Multiple(() =>
        {
            Assert.That(values, Is.All.InRange(-3f, 5f));
            Assert.That(values.Average(), Is.EqualTo(1).Within(4 * 8 / Math.Sqrt(12.0 * values.Length)));
            Assert.That(values.Count(v => v < -2), Is.EqualTo(values.Length / 8.0).Within(4 * Math.Sqrt(values.Length / 8.0)));
        });
    }

    [Test]
    public void Single_uniforms_lie_in_the_half_open_unit_interval()
    {
        var source = new Philox(8, RandomPurpose.Clusters);
        double sum = 0, largest = 0, smallest = 1;
        for (int i = 0; i < 100_000; i++)
        {
            double u = source.NextUniform();
            (sum, largest, smallest) = (sum + u, Math.Max(largest, u), Math.Min(smallest, u));
        }
        Assert.Multiple(() =>
        {
            Assert.That(sum / 100_000, Is.EqualTo(0.5).Within(4 / Math.Sqrt(12 * 100_000.0)));
            Assert.That(largest, Is.InRange(0.999, 1 - 1.0 / (1L << 53)));
            Assert.That(smallest, Is.InRange(0.0, 0.001));
        });
    }

    [Test]
    public void Integers_below_a_bound_are_equally_likely()
    {
        var source = new Philox(4, RandomPurpose.Order);
        int[] counts = new int[7];
        for (int i = 0; i < 70_000; i++) counts[source.NextInt(7)]++;
        Assert.That(counts, Is.All.EqualTo(10_000).Within(4 * Math.Sqrt(10_000)));

        // 3 · 2^30 would fall on the lower half of the numbers twice as often without rejection.
        int lower = 0;
        for (int i = 0; i < 10_000; i++) if (source.NextInt(1_610_612_736) < 805_306_368) lower++;
        Assert.That(lower, Is.EqualTo(5_000).Within(200));
        Assert.That(() => source.NextInt(0), Throws.TypeOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public void A_shuffle_gives_every_order_its_turn()
    {
        var source = new Philox(2, RandomPurpose.Order);
        var orders = new Dictionary<string, int>();
        for (int i = 0; i < 24_000; i++)
        {
            char[] items = ['a', 'b', 'c', 'd'];
            source.Shuffle<char>(items);
            string order = new(items);
            orders[order] = orders.GetValueOrDefault(order) + 1;
        }
        Assert.That(orders, Has.Count.EqualTo(24));
        Assert.That(orders.Values, Is.All.EqualTo(1000).Within(130));
    }

    [Test]
    public void Chosen_numbers_are_distinct_and_each_is_equally_likely()
    {
        var source = new Philox(2, RandomPurpose.Patches);
        int[] counts = new int[10];
        for (int i = 0; i < 10_000; i++)
        {
            int[] chosen = source.Choose(3, 10, sorted: i % 2 == 0);
            Assert.That(chosen.Distinct().Count(), Is.EqualTo(3));
            if (i % 2 == 0) Assert.That(chosen, Is.Ordered);
            foreach (int number in chosen) counts[number]++;
        }
        Assert.That(counts, Is.All.EqualTo(3000).Within(200));
        Assert.That(source.Choose(5, 5, sorted: true), Is.EqualTo(Enumerable.Range(0, 5)));
        Assert.That(() => source.Choose(6, 5), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("6 distinct numbers of 5"));
    }

    [Test]
    public void A_stream_index_that_would_touch_another_purpose_is_refused() =>
        Assert.That(() => new Philox(1, RandomPurpose.Weights, 1 << 24), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("16777215"));

    [Test]
    [Explicit("A measurement.")]
    public void Time_of_sixty_million_normals()
    {
        float[] values = new float[60_000_000];
        for (int i = 0; i < 3; i++)
        {
            var watch = System.Diagnostics.Stopwatch.StartNew();
            new Philox(1, RandomPurpose.Weights).FillGaussian(values);
            TestContext.Out.WriteLine($"{watch.Elapsed.TotalSeconds:F3} s on one thread");
        }
    }
}

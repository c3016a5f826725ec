using EvenNet.Framework;
using EvenNet.Kernels.Cpu;

namespace EvenNet.Tests.Kernels;

public sealed class CpuStatisticsTests
{
    private static readonly Layout[] Layouts = [Layout.Plain, Layout.Blocked(), Layout.Blocked(2)];

    // A mean a thousand deviations from zero: a sum of squares in float32, or without a shift in double, would lose the deviation's digits.
    [Test]
    public void Moments_are_exact_far_from_zero([ValueSource(nameof(Layouts))] Layout layout, [Values("20×37×41", "18×1×1", "3×5×4")] string size)
    {
        using var cpu = new CpuBackend(2);
        Tensor value = Value(cpu, layout, Parse(size), batch: 5, mean: 1000, deviation: 1);
        ChannelMoments moments = cpu.Moments(value);
        (double[] mean, double[] deviation) = Exact(value);
        Assert.That(moments.Mean, Is.EqualTo(mean).Within(1e-12).Percent);
        Assert.That(moments.Deviation, Is.EqualTo(deviation).Within(1e-9).Percent);
        value.Region.Storage.Dispose();
    }

    [Test]
    public void A_constant_channel_has_no_deviation([ValueSource(nameof(Layouts))] Layout layout)
    {
        using var cpu = new CpuBackend(2);
        Tensor value = Value(cpu, layout, new Shape(17, 90, 70), batch: 2, mean: 0.1, deviation: 0);
        Assert.That(cpu.Moments(value).Deviation, Is.All.LessThan(1e-12));
        value.Region.Storage.Dispose();
    }

    [Test]
    public void Moments_and_norms_are_the_same_bits_with_any_number_of_threads([ValueSource(nameof(Layouts))] Layout layout)
    {
        using CpuBackend one = new(1), three = new(3);
        Tensor value = Value(one, layout, new Shape(33, 40, 31), batch: 4, mean: 2, deviation: 3);
        Assert.That(three.Moments(value).Mean, Is.EqualTo(one.Moments(value).Mean));
        Assert.That(three.Moments(value).Deviation, Is.EqualTo(one.Moments(value).Deviation));
        Assert.That(three.SquaredNorm(value.Region), Is.EqualTo(one.SquaredNorm(value.Region)));
        value.Region.Storage.Dispose();
    }

    [Test]
    public void Squared_norms_add_up_in_double([Values(0, 1, 15, 16, 32768, 100_003)] int count)
    {
        using var cpu = new CpuBackend(2);
        using Storage storage = cpu.Allocate(count + 3);
        float[] values = [.. Sample.Normal(new Random(2), count).Select(v => (float)(v * 1e18))];
        storage.Write(3, values);
        double norm = cpu.SquaredNorm(new Region(storage, 3, count));
        Assert.That(norm, Is.EqualTo(values.Sum(v => (double)v * v)).Within(1e-11).Percent);
    }

    private static Shape Parse(string size) => size.Split('×') is [var c, var h, var w] ? new(int.Parse(c), int.Parse(h), int.Parse(w)) : throw new FormatException(size);

    private static Tensor Value(CpuBackend cpu, Layout layout, Shape shape, int batch, double mean, double deviation)
    {
        long count = batch * layout.SampleCount(shape);
        var value = new Tensor(new Region(cpu.Allocate(count), 0, count), batch, shape, layout);
        value.Write([.. Sample.Normal(new Random(1), (int)value.Count).Select(v => mean + deviation * v)]);
        return value;
    }

    private static (double[] Mean, double[] Deviation) Exact(Tensor value)
    {
        double[] all = value.ReadExact();
        (int channels, int plane) = (value.Shape.Channels, value.Shape.Plane);
        double[][] byChannel = [.. Enumerable.Range(0, channels).Select(c => all.Where((_, i) => i / plane % channels == c).ToArray())];
        double[] mean = [.. byChannel.Select(v => v.Average())];
        return (mean, [.. byChannel.Select((v, c) => Math.Sqrt(v.Average(x => (x - mean[c]) * (x - mean[c]))))]);
    }
}

using EvenNet.Framework;
using EvenNet.Kernels;
using EvenNet.Kernels.Cpu;

namespace EvenNet.Tests.Kernels;

public sealed class LadderTests
{
    [Test]
    public void Backward_of_the_reference_agrees_with_finite_differences([ValueSource(typeof(Every), nameof(Every.LayerCase))] LayerCase layerCase) =>
        Assert.That(GradientCheck.WorstError(layerCase, step: 1e-6), Is.LessThan(1e-6));

    // Sums of a few thousand float32 products against double: 1e-4 of the largest value.
    [Test]
    public void The_cpu_agrees_with_the_reference([ValueSource(typeof(Every), nameof(Every.LayerCase))] LayerCase layerCase, [Values] bool fuse)
    {
        using Backend reference = Backends.Open("reference"), cpu = Backends.Open("cpu");
        Compare(LayerRun.Of(layerCase, reference, fuse), LayerRun.Of(layerCase, cpu, fuse), tolerance: 1e-4);
    }

    [Test]
    public void Fused_and_unfused_plans_agree([ValueSource(typeof(Every), nameof(Every.LayerCase))] LayerCase layerCase)
    {
        using Backend reference = Backends.Open("reference");
        Compare(LayerRun.Of(layerCase, reference, fuse: false), LayerRun.Of(layerCase, reference), tolerance: 1e-12);
    }

    [Test]
    public void Any_number_of_threads_gives_the_same_bits([ValueSource(typeof(Every), nameof(Every.LayerCase))] LayerCase layerCase)
    {
        using Backend one = new CpuBackend(1), three = new CpuBackend(3);
        Compare(LayerRun.Of(layerCase, one), LayerRun.Of(layerCase, three), tolerance: 0);
    }

    private static void Compare(LayerRun expected, LayerRun actual, double tolerance)
    {
        Assert.That(actual.Results.Keys, Is.EqualTo(expected.Results.Keys));
        foreach ((string name, double[] values) in expected.Results)
            Assert.That(Sample.RelativeError(values, actual.Results[name]), Is.LessThanOrEqualTo(tolerance), name);
    }
}

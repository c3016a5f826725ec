using EvenNet.Framework;
using EvenNet.Kernels;
using EvenNet.Kernels.Cuda;

namespace EvenNet.Tests.Cuda;

/// <summary>Small nets, and values recorded from Caffe, on the emulated device and on a GPU.</summary>
[TestFixture(false), TestFixture(true, Category = "Gpu")]
public sealed class CudaLadderTests(bool gpu) : CudaFixture(gpu)
{
    // Sums of a few thousand float32 products against double: 1e-4 of the largest value, as for the cpu.
    [Test]
    public void The_device_agrees_with_the_reference([ValueSource(typeof(Every), nameof(Every.LayerCase))] LayerCase layerCase, [Values] bool fuse)
    {
        using Backend reference = Backends.Open("reference");
        LayerRun expected = LayerRun.Of(layerCase, reference, fuse);
        LayerRun? first = null;
        foreach (ThreadOrder order in fuse ? Place.Orders : [ThreadOrder.Random])
        {
            using CudaBackend cuda = Place.Open(order);
            LayerRun actual = LayerRun.Of(layerCase, cuda, fuse);
            Assert.That(actual.Results.Keys, Is.EqualTo(expected.Results.Keys));
            foreach ((string name, double[] values) in expected.Results)
                Assert.That(Sample.RelativeError(values, actual.Results[name]), Is.LessThanOrEqualTo(1e-4), $"{name}, {order}");
            first ??= actual;
            foreach ((string name, double[] values) in first.Results) Assert.That(actual.Results[name], Is.EqualTo(values), $"{name}: the same bits in every order of threads");
        }
    }

    // float32 on both sides, in another order of summation.
    [Test]
    public void The_device_agrees_with_caffe([ValueSource(typeof(Kernels.GoldenTests), nameof(Kernels.GoldenTests.Cases))] GoldenCase goldenCase, [Values] bool fuse)
    {
        Golden golden = Golden.Open(goldenCase.Name);
        using CudaBackend cuda = Place.Open();
        GoldenRun run = GoldenRun.Of(goldenCase, golden, cuda, fuse);
        Assert.That(run.Errors, Does.ContainKey($"blob/{golden.Under("blob").Last()}").And.Count.GreaterThan(1));
        foreach ((string name, double error) in run.Errors) Assert.That(error, Is.LessThanOrEqualTo(1e-4), name);
    }
}

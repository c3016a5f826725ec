using EvenNet.Framework;
using EvenNet.Kernels;
using EvenNet.Kernels.Cuda;
using EvenNet.Tests.Kernels;

namespace EvenNet.Tests.Cuda;

/// <summary>Every kernel on the emulated device and on a GPU, alone on poisoned and guarded memory, with the cpu's cases, in every order of threads.</summary>
[TestFixture(false), TestFixture(true, Category = "Gpu")]
public sealed class CudaLayerTests(bool gpu) : CudaFixture(gpu)
{
    private const int Batch = 3;

    // Beside the cpu's what it leaves to the reference.
    private static IEnumerable<CpuLayerTests.Case> Cases =>
    [
        .. CpuLayerTests.Cases, new("power of zero", new Power(0, 2, 1), new Shape(20, 7, 9)), new("cube", new Power(3, 0.5f, 3), new Shape(20, 7, 9)),
    ];

    // As the cpu's: sums of a few dozen float32 products, square roots and powers.
    [Test]
    public void A_kernel_agrees_with_the_reference([ValueSource(nameof(Cases))] CpuLayerTests.Case c, [Values] bool accumulate)
    {
        using Backend reference = Backends.Open("reference");
        KernelRun expected = Run(reference, c, accumulate);
        foreach (ThreadOrder order in accumulate ? [ThreadOrder.Random] : Place.Orders)
        {
            using CudaBackend cuda = Place.Open(order);
            KernelRun actual = Run(cuda, c, accumulate);
            Assert.That(actual.KernelName, Does.StartWith("cuda."));
            Assert.That(actual.AllocatedBytes, Is.Zero, "a pass allocates nothing");
            Assert.That(actual.Results.Keys, Is.EqualTo(expected.Results.Keys));
            foreach ((string name, double[] values) in expected.Results)
                Assert.That(Sample.RelativeError(values, actual.Results[name]), Is.LessThan(1e-5), $"{name}, {order}");
        }
    }

    private static KernelRun Run(Backend backend, CpuLayerTests.Case c, bool accumulate)
    {
        (double[][] inputs, double[] gradient) = c.Data(Batch);
        var run = new KernelRun(backend, Batch);
        run.Run(c.Layer, c.Inputs, inputs, gradient, LayoutKind.Plain, accumulate, halos: new Random(9), c.Multiplicities);
        return run;
    }
}

using System.Text.RegularExpressions;
using EvenNet.Framework;
using EvenNet.Kernels.Cuda;
using EvenNet.Tests.House;

namespace EvenNet.Tests.Cuda;

/// <summary>What the emulator is for: a barrier that is left out changes a result.</summary>
public sealed partial class CudaBarrierTests
{
    private static string Source => Repository.Read("NativeKernels.cu");

    private static IEnumerable<int> Barriers => Enumerable.Range(0, Barrier().Count(Source));

    // The planted fault is the line between filling the tiles of a product and using them; each order of threads meets it.
    [Test]
    public void A_missing_barrier_is_caught_in_every_order_of_threads([Values] ThreadOrder order)
    {
        _ = Emulator.Require();
        Match barrier = new Regex(@"\n        __syncthreads\(\);\n#pragma unroll 4").Match(Source);
        Assert.That(barrier.Success, "the barrier between filling the tiles and using them");
        Emulator faulty = Without(barrier.Index, "\n        __syncthreads();".Length);
        faulty.Set(order);
        using CudaBackend cuda = faulty.Open();
        float[] a = new float[64 * 16], c = new float[64 * 64];
        cuda.Gemm(false, true, 64, 64, 16, a, a, c);
        Assert.That(c, Has.Some.NaN, "a thread read what another had not written yet");
    }

    [Test, Explicit("compiles the kernels once for each barrier"), Category("Slow")]
    public void Each_barrier_is_needed_and_its_loss_is_caught([ValueSource(nameof(Barriers))] int number)
    {
        double[] expected = Results(Emulator.Require());
        Match barrier = Barrier().Matches(Source)[number];
        Emulator faulty = Without(barrier.Index, barrier.Length);
        List<ThreadOrder> caught = [];
        foreach (ThreadOrder order in Enum.GetValues<ThreadOrder>())
        {
            faulty.Reset();
            faulty.Set(order);
            if (!Results(faulty).SequenceEqual(expected)) caught.Add(order);
        }
        int line = Source[..barrier.Index].Count(c => c == '\n') + 1;
        TestContext.Out.WriteLine($"barrier {number} of line {line}: caught in {string.Join(", ", caught)}");
        Assert.That(caught, Is.Not.Empty);
    }

    // The kernels that have barriers: products of several tiles, sums over blocks one after the other, normalisation across channels, sums of columns.
    private static double[] Results(Emulator emulator)
    {
        using CudaBackend cuda = emulator.Open();
        float[] a = [.. Sample.Normal(new Random(1), 70 * 40).Select(v => (float)v)], c = new float[70 * 70];
        cuda.Gemm(false, true, 70, 70, 40, a, a, c);
        List<double> results = [.. c.Select(v => (double)v)];
        (Layer Layer, Shape Shape)[] layers = [(new BatchNorm(), new Shape(3, 9, 20)), (new Scale(), new Shape(3, 9, 20)), (new Lrn(Alpha: 0.4f), new Shape(40, 5, 7))];
        foreach ((Layer layer, Shape shape) in layers)
        {
            var layerCase = new LayerCase("layer", 3, () => new Node("y", layer, Node.Input("data", shape.Channels, shape.Height, shape.Width)));
            results.AddRange(LayerRun.Of(layerCase, cuda).Results.Values.SelectMany(v => v));
        }
        using Storage patches = cuda.Allocate(3 * 40);
        patches.Write(0, a.AsSpan(0, 120));
        double[] sums = new double[40];
        Node data = Node.Input("data", 40);
        cuda.InitializerKernels.AddMoments(new(new Tensor(new Region(patches, 0, 120), 3, data.Shape, Layout.Plain), data.InnerProduct("f", 2), 0), null, new double[40], sums, new double[1600]);
        results.AddRange(sums);
        return [.. results];
    }

    private static Emulator Without(int index, int length)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["faulty.cu"], Source.Remove(index, length));
        Emulator faulty = Emulator.Build(folder["faulty.cu"])!;
        faulty.Reset();
        return faulty;
    }

    [GeneratedRegex(@"__syncthreads\(\);")]
    private static partial Regex Barrier();
}

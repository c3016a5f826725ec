using EvenNet.Framework;
using EvenNet.Kernels;
using EvenNet.Kernels.Cuda;

namespace EvenNet.Tests.Cuda;

/// <summary>What initializers and solvers ask of the device beside layers.</summary>
[TestFixture(false), TestFixture(true, Category = "Gpu")]
public sealed class CudaStatisticsTests(bool gpu) : CudaFixture(gpu)
{
    [Test]
    public void A_product_is_that_of_the_reference([Values] bool transposeA, [Values] bool transposeB, [Values] bool accumulate, [Values("1×1×1", "97×131×75", "64×64×16", "5×200×3")] string size)
    {
        int[] sizes = [.. size.Split('×').Select(int.Parse)];
        (int m, int n, int k) = (sizes[0], sizes[1], sizes[2]);
        float[] a = Numbers(1, m * k), b = Numbers(2, k * n), expected = Numbers(3, m * n), actual = [.. expected];
        using Backend reference = Backends.Open("reference"), cuda = Place.Open();
        reference.Gemm(transposeA, transposeB, m, n, k, a, b, expected, accumulate);
        cuda.Gemm(transposeA, transposeB, m, n, k, a, b, actual, accumulate);
        Assert.That(actual, Is.EqualTo(expected).Within(1e-6 * k + 1e-6));
    }

    // A mean a thousand deviations from zero: a sum of squares in float32 would lose the deviation's digits.
    [Test]
    public void Moments_are_exact_far_from_zero([Values("20×17×11", "18×1×1")] string size)
    {
        using CudaBackend cuda = Place.Open(ThreadOrder.Random);
        using Backend reference = Backends.Open("reference");
        Tensor value = Value(cuda, Parse(size), batch: 5, v => 1000 + v), plain = Value(reference, Parse(size), batch: 5, v => (float)(1000 + v));
        ChannelMoments actual = cuda.Moments(value), expected = reference.Moments(plain);
        Assert.That(actual.Mean, Is.EqualTo(expected.Mean).Within(1e-12).Percent);
        Assert.That(actual.Deviation, Is.EqualTo(expected.Deviation).Within(1e-9).Percent);
        value.Region.Storage.Dispose();
    }

    [Test]
    public void Limits_are_positive_and_leave_no_memory_behind()
    {
        using CudaBackend cuda = Place.Open();
        long before = cuda.Device.Memory.Free;
        BackendLimits limits = new CudaLimits(cuda.Device, bytes: 1 << 20).Measure(TimeSpan.FromMilliseconds(1), turns: 16);
        Assert.That(limits.OperationsPerSecond, Is.Positive.And.LessThan(double.PositiveInfinity));
        Assert.That(limits.ReadBytesPerSecond, Is.Positive.And.LessThan(double.PositiveInfinity));
        Assert.That(limits.TriadBytesPerSecond, Is.Positive.And.LessThan(double.PositiveInfinity));
        // A driver keeps pieces of what it frees.
        if (!IsGpu) Assert.That(cuda.Device.Memory.Free, Is.EqualTo(before));
    }

    [Test]
    public void Channels_are_scaled_and_shifted()
    {
        using CudaBackend cuda = Place.Open();
        var shape = new Shape(5, 3, 2);
        Tensor value = Value(cuda, shape, batch: 3, v => v);
        double[] scale = [1, 2, -3, 0, 0.5], shift = [0, 1, 2, 3, -4];
        double[] expected = [.. value.ReadExact().Select((v, i) => scale[i / shape.Plane % 5] * v + shift[i / shape.Plane % 5])];
        cuda.ScaleChannels(value, scale, shift);
        Assert.That(value.ReadExact(), Is.EqualTo(expected).Within(1e-6));
        value.Region.Storage.Dispose();
    }

    [Test]
    public void Squared_norms_add_up_in_double([Values(0, 1, 255, 100_003)] int count)
    {
        using CudaBackend cuda = Place.Open();
        using Storage storage = cuda.Allocate(count + 3);
        float[] values = [.. Numbers(2, count).Select(v => (float)(v * 1e18))];
        storage.Write(3, values);
        Assert.That(cuda.SquaredNorm(new Region(storage, 3, count)), Is.EqualTo(values.Sum(v => (double)v * v)).Within(1e-11).Percent);
    }

    [Test]
    public void Single_samples_gradients_add_up_as_the_layers_do([Values] bool squares)
    {
        var layer = new Convolution(6, 3) { Pad = 1, Stride = new Extent(2, 1), Groups = 2 };
        Shape shape = new(4, 7, 5), output = layer.Infer([shape]);
        using CudaBackend cuda = Place.Open(ThreadOrder.Descending);
        Tensor x = Value(cuda, shape, batch: 4, v => v), dy = Value(cuda, output, batch: 4, v => 1 - v);
        int fanIn = 2 * 9;
        float[] sums = Numbers(5, layer.Outputs * fanIn);
        double[] expected = [.. sums];
        for (int n = 1; n < 3; n++)
        {
            double[] xs = x.ReadExact(n), dys = dy.ReadExact(n);
            for (int i = 0; i < sums.Length; i++)
            {
                int o = i / fanIn, c = o / 3 * 2 + i % fanIn / 9, r = i % 9 / 3, t = i % 3;
                double sum = 0;
                for (int p = 0; p < output.Height; p++)
                    for (int q = 0; q < output.Width; q++)
                    {
                        int h = 2 * p - 1 + r, w = q - 1 + t;
                        if ((uint)h < 7 && (uint)w < 5) sum += dys[(o * output.Height + p) * output.Width + q] * xs[(c * 7 + h) * 5 + w];
                    }
                expected[i] += squares ? sum * sum : sum;
            }
        }
        Assert.That(cuda.AddWeightGradients(layer, x, dy, first: 1, count: 2, squares, sums), "the device has a kernel for it");
        Assert.That(sums, Is.EqualTo(expected).Within(3e-6 * expected.Max(Math.Abs)));
        Assert.That(() => cuda.AddWeightGradients(layer, x, dy, 0, 1, squares, new float[7]), Throws.ArgumentException.With.Message.Contains("108 sums, got 7"));
        x.Region.Storage.Dispose();
        dy.Region.Storage.Dispose();
    }

    [Test]
    public void Solvers_step_as_the_reference_does([Values("sgd", "nesterov", "adam", "rmsprop")] string kind, [Values] DecayKind decay)
    {
        Graph graph = Graph.Of(Node.Input("data", 7).InnerProduct("f", 300));
        double[] Stepped(Backend backend)
        {
            using var parameters = new ParameterSet(graph, backend);
            using Solver solver = kind switch
            {
                "adam" => new AdamSolver(parameters) { Rate = Schedule.Fixed(0.01f), Decay = 0.1f, DecayKind = decay },
                "rmsprop" => new RmsPropSolver(parameters) { Rate = Schedule.Fixed(0.01f), Decay = 0.1f, DecayKind = decay },
                _ => new SgdSolver(parameters) { Rate = Schedule.Fixed(0.01f), Decay = 0.1f, DecayKind = decay, Nesterov = kind == "nesterov" },
            };
            foreach (Parameter p in parameters.All.Where(p => p.Spec.IsLearned)) p.Write(Numbers(1, p.Count));
            for (int step = 0; step < 3; step++)
            {
                foreach (Parameter p in parameters.All.Where(p => p.Spec.IsLearned)) p.Gradients.Storage.Write(p.Gradients.Offset, Numbers(step + 2, p.Count));
                solver.Step();
            }
            Assert.That(parameters["f.weight"].ReadGradient(), Is.All.Zero);
            return [.. parameters.All.SelectMany(p => p.ReadExact())];
        }
        using Backend reference = Backends.Open("reference"), cuda = Place.Open();
        Assert.That(Stepped(cuda), Is.EqualTo(Stepped(reference)).Within(1e-6));
    }

    private static Shape Parse(string size) => size.Split('×') is [var c, var h, var w] ? new(int.Parse(c), int.Parse(h), int.Parse(w)) : throw new FormatException(size);

    private static float[] Numbers(int seed, int count) => [.. Sample.Normal(new Random(seed), count).Select(v => (float)v)];

    private static Tensor Value(Backend backend, Shape shape, int batch, Func<double, double> map)
    {
        long count = (long)batch * shape.Count;
        var value = new Tensor(new Region(backend.Allocate(count), 0, count), batch, shape, Layout.Plain);
        value.Write([.. Sample.Normal(new Random(1), (int)count).Select(v => map(v))]);
        return value;
    }
}

using EvenNet.Framework;
using EvenNet.Kernels;
using EvenNet.Kernels.Cuda;

namespace EvenNet.Tests.Cuda;

/// <summary>Convolutions, inner products and host products by the vendor's libraries: on the emulated device by played ones, on a GPU by those that are found.</summary>
[TestFixture(false), TestFixture(true, Category = "Gpu")]
public sealed class CudaEngineTests(bool gpu) : CudaFixture(gpu)
{
    private static IEnumerable<LayerCase> Affine => Every.Everywhere.Where(c => c.Graph().Nodes.Any(n => n.Layer is Convolution or InnerProduct));

    // Where no value lies at an edge: a rectifier or a maximum turns a rounding into another gradient.
    private static IEnumerable<LayerCase> Smooth => Affine.Where(c => c.Graph().Nodes.All(n => n.Layer is Input or Convolution or InnerProduct or Concat or Tanh or Sigmoid or Lrn or Pooling { Kind: PoolKind.Average } or Eltwise { Kind: EltwiseKind.Sum }));

    // The ways of the libraries, by the beginnings of their names: the first that there is takes a pass, so that each is met on every case it can do.
    private static readonly string[][] Ways = [["cudnn 1", "cublas"], ["cudnn 0", "cublaslt 0"], ["cudnn 6", "cublaslt 1"]];

    private static readonly int[] WayNumbers = [0, 1, 2];

    private Emulator? emulator;

    // Sums of a few thousand float32 products against double, as for the own kernels.
    [Test]
    public void In_float32_the_libraries_agree_with_the_reference([ValueSource(nameof(Affine))] LayerCase layerCase, [ValueSource(nameof(WayNumbers))] int way)
    {
        using CudaBackend cuda = Open(Precision.Fp32);
        Prefer(cuda, Ways[way]);
        LayerRun actual = Compare(cuda, layerCase, within: 1e-4);
        RequireLibraries(cuda);
        foreach ((string name, double[] values) in LayerRun.Of(layerCase, cuda).Results) Assert.That(actual.Results[name], Is.EqualTo(values), $"{name}: the same bits each time");
    }

    // 10 bits of mantissa for each operand: 2^-11 of a product; the nets are a few layers deep.
    [Test]
    public void In_tf32_the_libraries_agree_with_the_reference([ValueSource(nameof(Smooth))] LayerCase layerCase)
    {
        using CudaBackend cuda = Open(Precision.Tf32);
        Prefer(cuda, [".0", "cublas"]);
        _ = Compare(cuda, layerCase, within: 5e-3);
    }

    // 7 bits of mantissa: 2^-8 of each operand, and of a convolution's results.
    [Test]
    public void In_bfloat16_the_libraries_agree_with_the_reference([ValueSource(nameof(Smooth))] LayerCase layerCase)
    {
        using CudaBackend cuda = Open(Precision.Bf16);
        Prefer(cuda, ["cudnn 1", "cublaslt"]);
        _ = Compare(cuda, layerCase, within: 5e-2);
    }

    // A library that took TF32 where float32 is asked for would be seen here: its error is a thousand times as large. Whether it takes less where it may is its own choice on a GPU.
    [Test]
    public void Each_precision_is_the_one_that_was_asked_for([Values] bool convolution)
    {
        var layerCase = new LayerCase("one layer", 2, () => convolution ? Node.Input("data", 16, 9, 9).Convolution("c", 24, 3, pad: 1) : Node.Input("data", 300).InnerProduct("f", 40));
        (double Least, double Most) Errors(Precision precision)
        {
            using Backend reference = Backends.Open("reference");
            using CudaBackend cuda = Open(precision);
            Prefer(cuda, precision == Precision.Tf32 ? [".0", "cublas"] : ["cudnn", "cublas"]);
            Dictionary<string, double[]> expected = LayerRun.Of(layerCase, reference).Results, actual = LayerRun.Of(layerCase, cuda).Results;
            RequireLibraries(cuda);
            double[] errors = [.. expected.Keys.Where(k => !k.Contains("bias", StringComparison.Ordinal)).Select(k => Sample.RelativeError(expected[k], actual[k]))];
            return (errors.Min(), errors.Max());
        }
        Assert.That(Errors(Precision.Fp32).Most, Is.LessThan(3e-6));
        (double least, double most) = Errors(Precision.Tf32);
        Assert.That(least, Is.GreaterThan(IsGpu ? 0 : 3e-5));
        Assert.That(most, Is.LessThan(3e-3));
        (least, most) = Errors(Precision.Bf16);
        Assert.That(least, Is.GreaterThan(IsGpu ? 0 : 3e-4));
        Assert.That(most, Is.LessThan(3e-2));
    }

    [Test]
    public void Backward_adds_to_the_weights_gradients([Values] Precision precision, [ValueSource(nameof(WayNumbers))] int way)
    {
        using CudaBackend cuda = Open(precision);
        Prefer(cuda, Ways[way]);
        Graph graph = Graph.Of(Node.Input("data", 4, 6, 6).Convolution("c", 6, 3, pad: 1, groups: 2).InnerProduct("f", 5));
        using var parameters = new ParameterSet(graph, cuda);
        var random = new Random(8);
        foreach (Parameter p in parameters.All.Where(p => p.Spec.IsLearned)) p.Write([.. Sample.Normal(random, p.Count)]);
        using var net = new Net(parameters, batch: 3);
        net.Load(graph["data"], Sample.Normal(random, 3 * 144));
        double[][] Backward()
        {
            net.Forward();
            net.Backward(graph["f"], [.. Enumerable.Range(1, 15).Select(i => (float)i)]);
            return [.. parameters.All.Where(p => p.Spec.IsLearned).Select(p => p.ReadGradientExact())];
        }
        double[][] once = Backward(), twice = Backward();
        Assert.That(twice, Is.EqualTo(once.Select(g => g.Select(v => 2 * v).ToArray())));
        Assert.That(once, Has.All.Some.Not.Zero);
    }

    // Rows against columns: none of the four products is symmetric in anything.
    [Test]
    public void Host_products_are_those_of_the_reference_in_float32_whatever_the_precision([Values] bool transposeA, [Values] bool transposeB, [Values] bool accumulate, [Values] Precision precision)
    {
        const int m = 7, n = 19, k = 33;
        var random = new Random(2);
        float[] Draw(int count) => [.. Sample.Normal(random, count).Select(v => (float)v)];
        float[] a = Draw(m * k), b = Draw(k * n), start = Draw(m * n), expected = [.. start], actual = [.. start];
        using Backend reference = Backends.Open("reference");
        reference.Gemm(transposeA, transposeB, m, n, k, a, b, expected, accumulate);
        using CudaBackend cuda = Open(precision);
        cuda.Gemm(transposeA, transposeB, m, n, k, a, b, actual, accumulate);
        Assert.That(Sample.RelativeError([.. expected.Select(v => (double)v)], [.. actual.Select(v => (double)v)]), Is.LessThan(1e-6));
        if (emulator is not null) Assert.That(emulator.Calls("cublasGemmEx"), Is.EqualTo(1));
    }

    // Two nets of equal layers: one pass forward and back with the libraries, recorded and looped.
    [Test]
    public void A_recorded_step_with_the_libraries_is_the_looped_one([Values] Precision precision)
    {
        static Node Layers(Node data) => data.Convolution("a", 8, 3, pad: 1).Relu().Convolution("b", 8, 3, groups: 2).Relu();
        using CudaBackend cuda = Open(precision);
        Prefer(cuda, ["cudnn 1", "cublas"]);
        float[][] looped = RecordedTraining.Run(cuda, Layers, steps: 4, recorded: false), replayed = RecordedTraining.Run(cuda, Layers, steps: 4, recorded: true);
        Assert.That(replayed, Is.EqualTo(looped));
        Assert.That(looped.Take(4).Select(l => l[0]), Is.Unique.And.All.GreaterThan(0));
    }

    [Test]
    public void Eigenvectors_by_the_library_are_those_of_the_host()
    {
        using CudaBackend cuda = Open(Precision.Fp32);
        if (cuda.Engines.Eigen is not { } eigen)
        {
            Assert.Ignore("no cuSOLVER on this machine");
            return;
        }
        const int n = 17;
        double[] root = Sample.Normal(new Random(4), n * n), matrix = new double[n * n];
        for (int i = 0; i < n; i++)
            for (int j = 0; j < n; j++)
                for (int l = 0; l < n; l++) matrix[i * n + j] += root[i * n + l] * root[j * n + l] / n;
        (float[] values, float[] vectors) = eigen.Solve([.. matrix.Select(v => (float)v)], n);
        Assert.That(values, Is.Ordered);
        for (int v = 0; v < n; v++)
        {
            float[] vector = vectors[(v * n)..((v + 1) * n)];
            for (int i = 0; i < n; i++)
                Assert.That(Enumerable.Range(0, n).Sum(j => matrix[i * n + j] * vector[j]), Is.EqualTo(values[v] * vector[i]).Within(1e-4), $"row {i} of vector {v}");
            Assert.That(vector.Sum(x => (double)x * x), Is.EqualTo(1).Within(1e-5));
            Assert.That(vector.MaxBy(Math.Abs), Is.Positive, "the sign is fixed");
        }
    }

    private static LayerRun Compare(CudaBackend cuda, LayerCase layerCase, double within)
    {
        using Backend reference = Backends.Open("reference");
        LayerRun expected = LayerRun.Of(layerCase, reference), actual = LayerRun.Of(layerCase, cuda);
        Assert.That(actual.Results.Keys, Is.EqualTo(expected.Results.Keys));
        foreach ((string name, double[] values) in expected.Results) Assert.That(Sample.RelativeError(values, actual.Results[name]), Is.LessThanOrEqualTo(within), name);
        Assert.That(cuda.Warnings, Is.Empty);
        return actual;
    }

    private CudaBackend Open(Precision precision)
    {
        var options = new CudaOptions { Precision = precision, CacheFile = null };
        if (IsGpu) return Place.Open(options);
        emulator = Emulator.Require(ThreadOrder.Random);
        return emulator.Open(options);
    }

    // Without measuring: by the first of the ways that there is, else by any of the library's.
    private static void Prefer(CudaBackend cuda, string[] ways) =>
        cuda.Engines.Tuner.Pick = candidates => ways.Select(w => candidates.FirstOrDefault(c => w[0] == '.' ? c.Name.EndsWith(w, StringComparison.Ordinal) : c.Name.StartsWith(w, StringComparison.Ordinal))).FirstOrDefault(c => c is not null) ?? candidates[0];

    // Where the libraries are there, no pass may have gone to the own kernels.
    private void RequireLibraries(CudaBackend cuda)
    {
        if (IsGpu && cuda.Engines.Description is null) Assert.Ignore("neither cuBLAS nor cuDNN on this machine");
        if (!IsGpu) Assert.That(cuda.Engines.Tuner.Choices.Values, Is.Not.Empty.And.None.EqualTo(CudaCandidate.Own));
    }
}

using EvenNet.Framework;
using EvenNet.Kernels;
using EvenNet.Kernels.Cpu;
using EvenNet.Kernels.Reference;

namespace EvenNet.Tests.Kernels;

/// <summary>Inner products and the convolution by columns, whatever else the catalogue would prefer.</summary>
public sealed class CpuAffineTests
{
    private static Node Data(int channels, int height = 1, int width = 1) => Node.Input("data", channels, height, width);

    /// <summary>The ladder's cases of these layers, and some that cross a chunk or a path of the matrix product.</summary>
    private static IEnumerable<LayerCase> Cases =>
    [
        .. Every.LayerCase.Where(c => c.ToString().StartsWith("convolution") || c.ToString().StartsWith("inner product") || c.ToString().StartsWith("small")),
        new("convolution of several chunks", 2, () => Data(40, 50, 41).Convolution("c", 9, 5, pad: 2).Relu()),
        new("convolution of several chunks, groups, stride, dilation", 2, () =>
            Data(60, 61, 57).Convolution("c", 10, 7, stride: new Extent(1, 2), pad: new Extent(9, 1), groups: 2, dilation: new Extent(3, 2)).Relu()),
        new("convolution whose window is mostly padding", 2, () => Data(2, 3, 2).Convolution("c", 3, 5, stride: 3, pad: 7)),
        new("inner product of 100 samples", 100, () => Data(300).InnerProduct("f", 70).Relu().InnerProduct("g", 9)),
        new("inner product of one sample", 1, () => Data(1100).InnerProduct("f", 530).Relu()),
        new("inner product of 30 samples", 30, () => Data(130).InnerProduct("f", 1030).Relu()),
    ];

    // Float32 sums of up to 3000 products against double: 1e-4 of the largest value.
    [Test]
    public void Affine_layers_agree_with_the_reference([ValueSource(nameof(Cases))] LayerCase layerCase, [Values] bool fuse)
    {
        using Backend reference = Backends.Open("reference"), affine = new AffineBackend(threads: 2);
        Compare(LayerRun.Of(layerCase, reference, fuse), LayerRun.Of(layerCase, affine, fuse), tolerance: 1e-4);
    }

    [Test]
    public void The_number_of_threads_changes_no_bit_of_an_affine_layer([ValueSource(nameof(Cases))] LayerCase layerCase)
    {
        using Backend one = new AffineBackend(threads: 1), three = new AffineBackend(threads: 3);
        Compare(LayerRun.Of(layerCase, one), LayerRun.Of(layerCase, three), tolerance: 0);
    }

    [Test]
    public void A_step_of_an_affine_layer_does_not_allocate([Values] bool convolution)
    {
        Node data = Data(6, 9, 8);
        Graph graph = Graph.Of(convolution ? data.Convolution("a", 10, 3, pad: 1, groups: 2).Relu() : data.InnerProduct("a", 33).Relu());
        using var backend = new AffineBackend(threads: 2);
        using var parameters = new ParameterSet(graph, backend);
        Node a = graph["a"];
        var request = new KernelRequest(a.Layer, 3, a.InputShapes, a.Shape, [LayoutKind.Plain], Relu: true, InputGradient: true);
        KernelOffer offer = backend.Offer(request);
        Assert.That(offer.Name, Is.EqualTo(convolution ? "cpu.gemm-convolution+relu" : "cpu.inner-product+relu"));
        Tensor Make(Shape shape) => new(new Region(backend.Allocate(3L * shape.Count), 0, 3L * shape.Count), 3, shape, Layout.Plain);

        using Kernel kernel = offer.Bind(new Bindings
        {
            Request = request,
            Inputs = [Make(data.Shape)],
            Output = Make(a.Shape),
            OutputGradient = Make(a.Shape),
            InputGradients = [Make(data.Shape)],
            Accumulate = [true],
            Parameters = parameters.Of(a),
            ParameterGradients = true,
            Saved = default,
            Scratch = new Region(backend.Allocate(offer.Scratch), 0, offer.Scratch),
            Random = default,
        });
        Assert.That(Allocations.Of(backend.Threads, Step, count: 20), Is.Zero);

        void Step()
        {
            kernel.Forward(Phase.Train);
            kernel.Backward();
        }
    }

    private static void Compare(LayerRun expected, LayerRun actual, double tolerance)
    {
        Assert.That(actual.Results.Keys, Is.EqualTo(expected.Results.Keys));
        foreach ((string name, double[] values) in expected.Results)
            Assert.That(Sample.RelativeError(values, actual.Results[name]), Is.LessThanOrEqualTo(tolerance), name);
    }

    /// <summary>The two kernels in front of the reference.</summary>
    private sealed class AffineBackend : Backend
    {
        private readonly ReferenceBackend reference = new();
        private readonly CpuGemm gemm;

        public AffineBackend(int threads)
        {
            Threads = new Threads(threads);
            gemm = new CpuGemm(Threads, VectorWidth.Widest);
            Catalogue = [r => CpuGemmConvolution.Offer(r, Threads, gemm), r => CpuInnerProduct.Offer(r, Threads, gemm), .. ReferenceBackend.Everything];
        }

        public Threads Threads { get; }

        public override string Name => "affine";

        public override string Description => Name;

        protected override IReadOnlyList<Func<KernelRequest, KernelOffer?>> Catalogue { get; }

        public override Storage Allocate(long count) => new FloatStorage(count);

        public override void Gemm(
            bool transposeA, bool transposeB, int m, int n, int k, ReadOnlySpan<float> a, ReadOnlySpan<float> b, Span<float> c, bool accumulate = false) =>
            throw new NotSupportedException();

        public override void Sgd(in SgdUpdate update) => throw new NotSupportedException();

        public override void Adam(in AdamUpdate update) => throw new NotSupportedException();

        public override void RmsProp(in RmsPropUpdate update) => throw new NotSupportedException();

        public override double SquaredNorm(Region region) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            Threads.Dispose();
            gemm.Dispose();
            reference.Dispose();
            base.Dispose(disposing);
        }
    }
}

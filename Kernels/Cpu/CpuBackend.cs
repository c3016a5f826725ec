using EvenNet.Framework;
using EvenNet.Kernels.Reference;

namespace EvenNet.Kernels.Cpu;

/// <summary>Managed vector kernels on all processors that the process may use; no native dependency.</summary>
public sealed class CpuBackend : Backend
{
    private readonly ReferenceBackend reference = new();
    private readonly SpareBlock spare = new();
    private readonly CpuGemm gemm;
    private readonly CpuSolver<SgdStep> sgd;
    private readonly CpuSolver<AdamStep> adam;
    private readonly CpuSolver<RmsPropStep> rmsProp;
    private readonly CpuSquaredNorm squaredNorm;
    private readonly CpuWeightGradients weightGradients;

    /// <summary>Opens the backend with this many threads; 0 means one per processor.</summary>
    public CpuBackend(int threads = 0)
    {
        Threads = new Threads(threads);
        gemm = new CpuGemm(Threads, VectorWidth.Widest);
        sgd = new CpuSolver<SgdStep>(Threads);
        adam = new CpuSolver<AdamStep>(Threads);
        rmsProp = new CpuSolver<RmsPropStep>(Threads);
        squaredNorm = new CpuSquaredNorm(Threads);
        weightGradients = new CpuWeightGradients(Threads);
        // Fastest first; the first offer wins. The reference comes last and takes everything.
        Catalogue =
        [
            r => CpuBlockedConvolution.Offer(r, Threads), r => CpuGemmConvolution.Offer(r, Threads, gemm), r => CpuInnerProduct.Offer(r, Threads, gemm),
            r => CpuRelu.Offer(r, Threads), r => CpuPooling.Offer(r, Threads), r => CpuLrn.Offer(r, Threads), r => CpuLrnWithin.Offer(r, Threads),
            r => CpuDropout.Offer(r, Threads), r => CpuConcat.Offer(r, Threads), r => CpuEltwise.Offer(r, Threads),
            r => CpuSoftmax.Offer(r, Threads), r => CpuSoftmaxLoss.Offer(r, Threads), r => CpuSigmoidCrossEntropy.Offer(r, Threads), r => CpuPairLoss.Offer(r, Threads),
            r => CpuBatchNorm.Offer(r, Threads), r => CpuScale.Offer(r, Threads), r => CpuElu.Offer(r, Threads), r => CpuTanh.Offer(r, Threads),
            r => CpuSigmoid.Offer(r, Threads), r => CpuPower.Offer(r, Threads), r => CpuPRelu.Offer(r, Threads), r => CpuChannelPad.Offer(r, Threads), r => CpuReorder.Offer(r, Threads),
            r => CpuRoiPooling.Offer(r, Threads), r => CpuSmoothL1Loss.Offer(r, Threads),
            r => CpuAbsolute.Offer(r, Threads), r => CpuClip.Offer(r, Threads), r => CpuThreshold.Offer(r, Threads), r => CpuSoftplus.Offer(r, Threads), r => CpuSwish.Offer(r, Threads),
            r => CpuExponential.Offer(r, Threads), r => CpuReshape.Offer(r, Threads), r => CpuCrop.Offer(r, Threads),
            r => CpuDeconvolution.Offer(r, Threads, gemm), .. ReferenceBackend.Everything,
        ];
    }

    /// <inheritdoc/>
    public override string Name => "cpu";

    /// <inheritdoc/>
    public override string Description => $"cpu: {Threads.Count} threads";

    /// <inheritdoc/>
    public override int Parallelism => Threads.Count;

    /// <summary>The workers that all kernels share.</summary>
    public Threads Threads { get; }

    /// <inheritdoc/>
    protected override IReadOnlyList<Func<KernelRequest, KernelOffer?>> Catalogue { get; }

    /// <inheritdoc/>
    public override BackendLimits? MeasureLimits(TimeSpan time) => new CpuLimits(Threads, VectorWidth.Widest).Measure(time);

    /// <inheritdoc/>
    /// <remarks>The same workers as the kernels': others would fight with them for the processors.</remarks>
    public override void For(int turns, Action<int> body) => Threads.For(turns, (_, turn) => body(turn));

    /// <inheritdoc/>
    public override Storage Allocate(long count) => new FloatStorage(count, spare);

    /// <inheritdoc/>
    public override unsafe void Gemm(
        bool transposeA, bool transposeB, int m, int n, int k, ReadOnlySpan<float> a, ReadOnlySpan<float> b, Span<float> c, bool accumulate = false)
    {
        Require(nameof(a), a.Length, m, k);
        Require(nameof(b), b.Length, k, n);
        Require(nameof(c), c.Length, m, n);
        fixed (float* pa = a, pb = b, pc = c)
            gemm.Multiply(transposeA, transposeB, m, n, k, alpha: 1, pa, transposeA ? m : k, pb, transposeB ? k : n, accumulate, pc, n);
    }

    /// <inheritdoc/>
    public override void Sgd(in SgdUpdate update) => sgd.Step(new SgdStep(update), update.Values, update.Gradients);

    /// <inheritdoc/>
    public override void Adam(in AdamUpdate update) => adam.Step(new AdamStep(update), update.Values, update.Gradients);

    /// <inheritdoc/>
    public override void RmsProp(in RmsPropUpdate update) => rmsProp.Step(new RmsPropStep(update), update.Values, update.Gradients);

    /// <inheritdoc/>
    public override double SquaredNorm(Region region) => squaredNorm.Of(region);

    /// <inheritdoc/>
    public override bool AddWeightGradients(Convolution layer, Tensor x, Tensor dy, int first, int count, bool squares, Span<float> sums) =>
        weightGradients.Add(layer, x, dy, first, count, squares, sums);

    /// <inheritdoc/>
    public override void ScaleChannels(Tensor value, double[] scale, double[] shift) => CpuChannelScale.Apply(value, scale, shift, Threads);

    /// <inheritdoc/>
    public override ChannelMoments Moments(Tensor value) => CpuMoments.Of(value, Threads);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        Threads.Dispose();
        gemm.Dispose();
        weightGradients.Dispose();
        spare.Dispose();
        reference.Dispose();
        base.Dispose(disposing);
    }

    private static void Require(string what, int length, int rows, int columns)
    {
        if (length < (long)rows * columns) throw new ArgumentException($"{what} has {length} values; {rows} × {columns} need {(long)rows * columns}");
    }
}

using EvenNet.Framework;

namespace EvenNet.Kernels.Cuda;

/// <summary>
/// An NVIDIA GPU. All layers run on kernels of this program (NativeKernels.cu), in float32 on planes in channel order, so that nothing but the driver is
/// needed; where cuBLAS and cuDNN are found, they compute inner products and convolutions. Work is only given to the device; it is waited for where the host reads.
/// </summary>
public sealed class CudaBackend : Backend
{
    private readonly CudaDevice device;
    private readonly bool ownsDevice;
    private readonly CudaWorkspace workspace;
    private readonly CudaStatistics statistics;
    private readonly CudaProducts products;
    private readonly CudaSolver solver;
    private readonly CudaEngines engines;
    private readonly Lock use = new();

    /// <summary>Opens a device; 0 is the first. options: precision and the use of the vendor's libraries.</summary>
    /// <exception cref="CudaException">It is not there, or there is no driver; the message says what was tried.</exception>
    public CudaBackend(int ordinal = 0, CudaOptions? options = null) : this(CudaSystem.Open(ordinal), ownsDevice: true, options ?? new CudaOptions(), CudaLibraries.Load) { }

    // load: looks for the vendor's libraries; null: own kernels alone.
    internal CudaBackend(CudaDevice device, bool ownsDevice = true, CudaOptions? options = null, Func<CudaLibrary, NativeLibraries.Library>? load = null)
    {
        (this.device, this.ownsDevice) = (device, ownsDevice);
        engines = new CudaEngines(device, options ?? new CudaOptions { CacheFile = null }, load);
        workspace = new CudaWorkspace(device);
        statistics = new CudaStatistics(device, workspace);
        products = new CudaProducts(device, workspace, engines.Products);
        InitializerKernels = new CudaInitializer(device, statistics, products);
        solver = new CudaSolver(device);
        // One offer for each kind of layer; the first two choose between the vendor's libraries and kernels of this program.
        Catalogue =
        [
            r => CudaConvolution.Offer(r, device, engines), r => CudaInnerProduct.Offer(r, device, engines), r => CudaCurve.Offer(r, device), r => CudaPRelu.Offer(r, device),
            r => CudaPooling.Offer(r, device), r => CudaLrn.Offer(r, device), r => CudaLrnWithin.Offer(r, device), r => CudaDropout.Offer(r, device),
            r => CudaConcat.Offer(r, device), r => CudaChannelPad.Offer(r, device), r => CudaEltwise.Offer(r, device), r => CudaSoftmax.Offer(r, device),
            r => CudaSoftmaxLoss.Offer(r, device), r => CudaSigmoidCrossEntropy.Offer(r, device), r => CudaSmoothL1Loss.Offer(r, device), r => CudaPairLoss.Offer(r, device), r => CudaRoiPooling.Offer(r, device),
            r => CudaBatchNorm.Offer(r, device), r => CudaScale.Offer(r, device), r => CudaDeconvolution.Offer(r, device, engines), r => CudaCrop.Offer(r, device), r => CudaReshape.Offer(r, device),
        ];
    }

    /// <inheritdoc/>
    public override string Name => "cuda";

    /// <inheritdoc/>
    public override string Description => $"cuda:{device.Ordinal} {device.Name}{(engines.Description is { } libraries ? $", {libraries}" : "")}";

    /// <summary>Libraries that were found and cannot be used, and algorithms of theirs that failed, with the reasons; own kernels took their place.</summary>
    public IReadOnlyList<string> Warnings => engines.Warnings;

    /// <inheritdoc/>
    protected override IReadOnlyList<Func<KernelRequest, KernelOffer?>> Catalogue { get; }

    /// <inheritdoc/>
    public override IInitializerKernels InitializerKernels { get; }

    /// <summary>The device behind it.</summary>
    internal CudaDevice Device => device;

    /// <summary>The vendor's libraries on it.</summary>
    internal CudaEngines Engines => engines;

    /// <inheritdoc/>
    public override void Wait() => device.Wait();

    /// <inheritdoc/>
    public override BackendLimits? MeasureLimits(TimeSpan time) => new CudaLimits(device).Measure(time);

    /// <inheritdoc/>
    public override long? FreeBytes => device.Memory.Free;

    /// <inheritdoc/>
    public override bool Records => !device.ChecksLaunches;

    /// <summary>
    /// Takes down what <paramref name="enqueue"/> gives to the device, without running it, as one CUDA graph. Loading data and reading the loss stay outside.
    /// </summary>
    /// <exception cref="CudaException">It allocates, waits or reads, which a recording cannot hold.</exception>
    public override CudaRecording Record(Action enqueue) => device.Record(enqueue);

    /// <inheritdoc/>
    public override DeviceClock CreateClock(int marks) => new CudaClock(device, marks);

    /// <inheritdoc/>
    public override Storage Allocate(long count) => new CudaStorage(device, count);

    /// <inheritdoc/>
    public override void Gemm(
        bool transposeA, bool transposeB, int m, int n, int k, ReadOnlySpan<float> a, ReadOnlySpan<float> b, Span<float> c, bool accumulate = false)
    {
        lock (use) products.Gemm(transposeA, transposeB, m, n, k, a, b, c, accumulate);
    }

    /// <inheritdoc/>
    public override bool AddWeightGradients(Convolution layer, Tensor x, Tensor dy, int first, int count, bool squares, Span<float> sums)
    {
        if (x.Layout != Layout.Plain || dy.Layout != Layout.Plain) return false;
        lock (use) products.AddWeightGradients(layer, x, dy, first, count, squares, sums);
        return true;
    }

    /// <inheritdoc/>
    public override ChannelMoments Moments(Tensor value)
    {
        lock (use) return statistics.Moments(value);
    }

    /// <inheritdoc/>
    public override void ScaleChannels(Tensor value, double[] scale, double[] shift)
    {
        lock (use) statistics.Scale(value, scale, shift);
    }

    /// <inheritdoc/>
    public override void Sgd(in SgdUpdate update) => solver.Sgd(update);

    /// <inheritdoc/>
    public override void Adam(in AdamUpdate update) => solver.Adam(update);

    /// <inheritdoc/>
    public override void RmsProp(in RmsPropUpdate update) => solver.RmsProp(update);

    /// <inheritdoc/>
    public override FusedUpdate<SgdUpdate> Fuse(IReadOnlyList<SgdUpdate> updates, IReadOnlyList<Region> cleared, IReadOnlyList<Region> watched) => solver.Fuse(updates, cleared, watched);

    /// <inheritdoc/>
    public override FusedUpdate<AdamUpdate> Fuse(IReadOnlyList<AdamUpdate> updates, IReadOnlyList<Region> cleared, IReadOnlyList<Region> watched) => solver.Fuse(updates, cleared, watched);

    /// <inheritdoc/>
    public override FusedUpdate<RmsPropUpdate> Fuse(IReadOnlyList<RmsPropUpdate> updates, IReadOnlyList<Region> cleared, IReadOnlyList<Region> watched) => solver.Fuse(updates, cleared, watched);

    /// <inheritdoc/>
    public override double SquaredNorm(Region region)
    {
        lock (use) return statistics.SquaredNorm(region);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        workspace.Dispose();
        engines.Dispose();
        if (ownsDevice) device.Dispose();
        base.Dispose(disposing);
    }
}

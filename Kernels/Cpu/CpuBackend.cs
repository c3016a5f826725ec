using EvenNet.Framework;
using EvenNet.Kernels.Reference;

namespace EvenNet.Kernels.Cpu;

/// <summary>Managed vector kernels on all processors that the process may use; no native dependency.</summary>
public sealed class CpuBackend : Backend
{
    private readonly ReferenceBackend reference = new();

    /// <summary>Opens the backend with this many threads; 0 means one per processor.</summary>
    public CpuBackend(int threads = 0)
    {
        Threads = new Threads(threads);
        // Fastest first; the first offer wins. The reference comes last and takes everything.
        Catalogue = [r => CpuDirectConvolution.Offer(r, Threads), .. ReferenceBackend.Everything];
    }

    /// <inheritdoc/>
    public override string Name => "cpu";

    /// <inheritdoc/>
    public override string Description => $"cpu: {Threads.Count} threads";

    /// <summary>The workers that all kernels share.</summary>
    public Threads Threads { get; }

    /// <inheritdoc/>
    protected override IReadOnlyList<Func<KernelRequest, KernelOffer?>> Catalogue { get; }

    /// <inheritdoc/>
    public override Storage Allocate(long count) => new FloatStorage(count);

    /// <inheritdoc/>
    public override void Gemm(
        bool transposeA, bool transposeB, int m, int n, int k, ReadOnlySpan<float> a, ReadOnlySpan<float> b, Span<float> c, bool accumulate = false) =>
        reference.Gemm(transposeA, transposeB, m, n, k, a, b, c, accumulate);

    /// <inheritdoc/>
    public override void Sgd(in SgdUpdate update) => reference.Sgd(update);

    /// <inheritdoc/>
    public override double SquaredNorm(Region region) => reference.SquaredNorm(region);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        Threads.Dispose();
        reference.Dispose();
        base.Dispose(disposing);
    }
}

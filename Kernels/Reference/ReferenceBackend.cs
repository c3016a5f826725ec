using EvenNet.Framework;

namespace EvenNet.Kernels.Reference;

/// <summary>Plain loops in float64, a page a layer: the specification that the other backends are tested against.</summary>
public sealed class ReferenceBackend : Backend
{
    /// <inheritdoc/>
    public override string Name => "reference";

    /// <inheritdoc/>
    public override string Description => "reference: float64 loops, one thread";

    /// <inheritdoc/>
    public override int Parallelism => 1;

    /// <summary>Every reference kernel; they run on float64 and on float32 memory.</summary>
    internal static IReadOnlyList<Func<KernelRequest, KernelOffer?>> Everything { get; } =
    [
        ReferenceConvolution.Offer, ReferenceInnerProduct.Offer, ReferenceRelu.Offer, ReferencePooling.Offer, ReferenceLrn.Offer,
        ReferenceLrnWithin.Offer, ReferenceDropout.Offer, ReferenceConcat.Offer, ReferenceEltwise.Offer, ReferenceSoftmax.Offer,
        ReferenceSoftmaxLoss.Offer, ReferenceSigmoidCrossEntropy.Offer, ReferenceBatchNorm.Offer, ReferenceScale.Offer,
        ReferenceElu.Offer, ReferenceTanh.Offer, ReferenceSigmoid.Offer, ReferencePRelu.Offer, ReferenceChannelPad.Offer, ReferenceReorder.Offer,
        ReferenceAbsolute.Offer, ReferenceBias.Offer, ReferenceClip.Offer, ReferenceCrop.Offer, ReferenceDeconvolution.Offer, ReferenceEuclideanLoss.Offer,
        ReferenceExponential.Offer, ReferenceLogarithm.Offer, ReferencePower.Offer, ReferenceReshape.Offer, ReferenceSoftplus.Offer, ReferenceSwish.Offer,
        ReferenceThreshold.Offer, ReferenceContrastiveLoss.Offer, ReferenceRoiPooling.Offer, ReferenceSmoothL1Loss.Offer,
    ];

    /// <inheritdoc/>
    protected override IReadOnlyList<Func<KernelRequest, KernelOffer?>> Catalogue => Everything;

    /// <inheritdoc/>
    public override Storage Allocate(long count) => new DoubleStorage(count);

    /// <inheritdoc/>
    public override void Gemm(
        bool transposeA, bool transposeB, int m, int n, int k, ReadOnlySpan<float> a, ReadOnlySpan<float> b, Span<float> c, bool accumulate = false)
    {
        for (int i = 0; i < m; i++)
        {
            for (int j = 0; j < n; j++)
            {
                double sum = accumulate ? c[i * n + j] : 0;
                for (int l = 0; l < k; l++)
                    sum += (double)a[transposeA ? l * m + i : i * k + l] * b[transposeB ? j * k + l : l * n + j];
                c[i * n + j] = (float)sum;
            }
        }
    }

    /// <inheritdoc/>
    public override void Sgd(in SgdUpdate update)
    {
        Numbers w = new(update.Values), g = new(update.Gradients), v = new(update.Momenta);
        for (long i = 0; i < update.Values.Count; i++)
        {
            double before = v[i];
            v[i] = update.Momentum * before + update.Rate * (update.GradientScale * g[i] + update.Decay * Pull(w[i], update.DecayKind));
            w[i] -= update.Nesterov ? (1 + (double)update.Momentum) * v[i] - update.Momentum * before : v[i];
            g[i] = 0;
        }
    }

    /// <inheritdoc/>
    public override void Adam(in AdamUpdate update)
    {
        Numbers w = new(update.Values), g = new(update.Gradients), m = new(update.Momenta), v = new(update.Squares);
        double beta1 = update.Beta1, beta2 = update.Beta2;
        for (long i = 0; i < update.Values.Count; i++)
        {
            double gradient = update.GradientScale * g[i] + update.Decay * Pull(w[i], update.DecayKind);
            m[i] = beta1 * m[i] + (1 - beta1) * gradient;
            v[i] = beta2 * v[i] + (1 - beta2) * gradient * gradient;
            w[i] -= update.Rate * m[i] / (Math.Sqrt(v[i]) + update.Delta);
            g[i] = 0;
        }
    }

    /// <inheritdoc/>
    public override void RmsProp(in RmsPropUpdate update)
    {
        Numbers w = new(update.Values), g = new(update.Gradients), h = new(update.Squares);
        double rho = update.Rho;
        for (long i = 0; i < update.Values.Count; i++)
        {
            double gradient = update.GradientScale * g[i] + update.Decay * Pull(w[i], update.DecayKind);
            h[i] = rho * h[i] + (1 - rho) * gradient * gradient;
            w[i] -= update.Rate * gradient / (Math.Sqrt(h[i]) + update.Delta);
            g[i] = 0;
        }
    }

    /// <inheritdoc/>
    public override double SquaredNorm(Region region)
    {
        var x = new Numbers(region);
        double sum = 0;
        for (long i = 0; i < region.Count; i++) sum += x[i] * x[i];
        return sum;
    }

    private static double Pull(double w, DecayKind kind) => kind == DecayKind.Squares ? w : w > 0 ? 1 : w < 0 ? -1 : 0;
}

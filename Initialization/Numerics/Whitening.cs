using System.Buffers;
using EvenNet.Framework;

namespace EvenNet.Initialization;

/// <summary>
/// The change of basis that makes patches uncorrelated with unit variance, kept to as many dimensions as there are filters:
/// w = S · V · (x − mean), with the leading eigenvectors of their covariance as rows of V: m×d and the scales in S.
/// </summary>
public sealed class Whitening
{
    private const int ChunkRows = 2048;

    // What rounding in float32 leaves undetermined of a covariance, 10⁻⁷ of the largest variance, is to stay below 10⁻³ of each.
    private const double ResolvedShare = 1e-4;

    // The reference program's constants, for a scatter that is a sum over all samples.
    private const double ReferenceZero = 1e-6, ReferenceRidge = 1e-3;

    private readonly Arithmetic arithmetic;
    private readonly float[] offset, filters;

    private Whitening(Arithmetic arithmetic, double[] mean, EigenPairs pairs, double[] scales)
    {
        this.arithmetic = arithmetic;
        (Mean, Rank, Scales, Residual) = (mean, pairs.Rank, scales, pairs.Residual);
        Variances = pairs.Values[..scales.Length];
        Vectors = pairs.Vectors[..(scales.Length * mean.Length)];
        offset = [.. mean.Select(value => (float)value)];
        filters = new float[Vectors.Length];
        for (int i = 0; i < filters.Length; i++) filters[i] = (float)(Vectors[i] * scales[i / mean.Length]);
    }

    /// <summary>The change of basis itself.</summary>
    internal PatchBasis Basis => new(offset, filters);

    /// <summary>Length of a patch, d.</summary>
    public int Inputs => Mean.Length;

    /// <summary>Dimensions kept, m: the smaller of the filters asked for and the rank.</summary>
    public int Dimensions => Scales.Length;

    /// <summary>How many of the directions looked at have a variance above <see cref="EigenPairs.ZeroShare"/> of the largest; never more than asked for.</summary>
    public int Rank { get; }

    /// <summary>Mean of the patches: d.</summary>
    public double[] Mean { get; }

    /// <summary>Eigenvalues of what was whitened, descending: m.</summary>
    public double[] Variances { get; }

    /// <summary>Orthonormal directions, one a row: m×d.</summary>
    public double[] Vectors { get; }

    /// <summary>What each direction is multiplied by: m.</summary>
    public double[] Scales { get; }

    /// <summary>How well the directions were found: <see cref="EigenPairs.Residual"/>.</summary>
    public double Residual { get; }

    /// <summary>
    /// Whitening by the population covariance: m = min(outputs, rank) directions with scales 1/√λ, so that whitened patches
    /// have unit variance. No ridge: directions without variance are left out instead. See <see cref="IsResolved"/>.
    /// </summary>
    public static Whitening Of(Arithmetic arithmetic, Covariance patches, int outputs, RandomSource random, double tolerance = SymmetricEigen.DefaultTolerance) =>
        Of(arithmetic, patches.Mean(), patches.Values(), outputs, random, tolerance);

    /// <summary>The same from mean, d, and population covariance, d×d.</summary>
    public static Whitening Of(
        Arithmetic arithmetic, double[] mean, double[] covariance, int outputs, RandomSource random, double tolerance = SymmetricEigen.DefaultTolerance)
    {
        EigenPairs pairs = Pairs(arithmetic, covariance, mean.Length, outputs, random, tolerance);
        return new(arithmetic, mean, pairs, Inverse(pairs));
    }

    /// <summary>
    /// Whitening as the reference program of the paper does it: by the scatter, not divided by the number of patches, always
    /// into as many dimensions as outputs, with scales 1/√(λ + 10⁻³), or 0 where λ &lt; 10⁻⁶.
    /// </summary>
    public static Whitening Reference(Arithmetic arithmetic, Covariance patches, int outputs, RandomSource random)
    {
        EigenPairs pairs = Pairs(arithmetic, patches.Scatter(), patches.Dimensions, outputs, random, SymmetricEigen.DefaultTolerance);
        double[] scales = [.. pairs.Values.Select(value => value < ReferenceZero ? 0 : 1 / Math.Sqrt(value + ReferenceRidge))];
        return new(arithmetic, patches.Mean(), pairs, scales);
    }

    /// <summary>
    /// Whether the smallest variance kept is large enough for a <see cref="Covariance"/> to have determined it to 10⁻³. If not,
    /// the rank may count directions that are only rounding: whiten the patches and ask for <see cref="Refined"/>.
    /// </summary>
    public bool IsResolved => Dimensions == 0 || Variances[^1] >= ResolvedShare * Variances[0];

    /// <summary>
    /// The same whitening with directions and variances measured again, on the patches that it has whitened. There every
    /// direction is of one size, so that float32 is exact enough for the smallest: variances down to
    /// <see cref="EigenPairs.ZeroShare"/> of the largest are right to 10⁻³ and answers uncorrelated, and directions that were
    /// only rounding are left out.
    /// </summary>
    /// <param name="whitened">Covariance of the whitened patches, m×m.</param>
    /// <exception cref="ArgumentException">It has other dimensions, or a scale is 0 as the reference leaves it.</exception>
    public Whitening Refined(Covariance whitened)
    {
        int m = Dimensions;
        if (whitened.Dimensions != m) throw new ArgumentException($"whitened patches have {m} dimensions, their covariance {whitened.Dimensions}", nameof(whitened));
        if (Scales.Contains(0)) throw new ArgumentException("a whitening with directions scaled by 0 cannot be refined", nameof(whitened));

        // V·C·Vᵀ from S·V·C·Vᵀ·S, each entry exact relative to its own row and column.
        double[] turned = whitened.Values();
        for (int i = 0; i < m; i++)
            for (int j = 0; j < m; j++) turned[i * m + j] /= Scales[i] * Scales[j];
        var (values, turns) = DenseEigen.All(arithmetic, turned, m);
        double[] vectors = new double[m * Inputs];
        DoubleProduct.Add(arithmetic, m, Inputs, m, 1, turns, Vectors, vectors);
        var pairs = new EigenPairs(Inputs, values, vectors, Residual, Products: 0);
        SymmetricEigen.FixSigns(pairs);
        return new(arithmetic, Mean, pairs, Inverse(pairs));
    }

    /// <summary>PCA filters, S · V: m×d. Their answers to the patches are uncorrelated.</summary>
    public float[] Filters() => (float[])filters.Clone();

    /// <summary>What the PCA filters answer to the mean patch: m.</summary>
    public float[] MeanAnswers()
    {
        float[] answers = new float[Dimensions];
        for (int i = 0; i < answers.Length; i++)
        {
            double sum = 0;
            for (int j = 0; j < Inputs; j++) sum += (double)filters[i * Inputs + j] * Mean[j];
            answers[i] = (float)sum;
        }
        return answers;
    }

    /// <summary>ZCA filters, Vᵀ · S · V: d×d. Of all whitenings the one nearest to the patches themselves, when no direction was left out.</summary>
    public float[] SymmetricFilters()
    {
        double[] scaled = new double[Vectors.Length], product = new double[Inputs * Inputs];
        for (int i = 0; i < scaled.Length; i++) scaled[i] = Vectors[i] * Scales[i / Inputs];
        DoubleProduct.Add(arithmetic, Inputs, Inputs, Dimensions, 1, DoubleProduct.Transpose(scaled, Dimensions, Inputs), Vectors, product);
        return [.. product.Select(value => (float)value)];
    }

    /// <summary>Whitens patches, n×d, into n×m.</summary>
    /// <exception cref="ArgumentException">The patches are not whole, or the target has another size.</exception>
    public void Apply(ReadOnlyMemory<float> patches, Memory<float> whitened)
    {
        int count = patches.Length / Inputs;
        if (patches.Length != count * Inputs || whitened.Length != count * Dimensions)
            throw new ArgumentException($"{patches.Length} values of patches of {Inputs} do not whiten into {whitened.Length} values of rows of {Dimensions}");
        if (Dimensions == 0) return;

        float[] centred = ArrayPool<float>.Shared.Rent(Math.Min(count, ChunkRows) * Inputs);
        for (int first = 0; first < count; first += ChunkRows)
        {
            int start = first, rows = Math.Min(ChunkRows, count - first);
            arithmetic.For(rows, row => VectorMath.Subtract(
                patches.Span.Slice((start + row) * Inputs, Inputs), offset, centred.AsSpan(row * Inputs, Inputs)));
            arithmetic.Product(false, true, rows, Dimensions, Inputs, centred.AsSpan(0, rows * Inputs), filters, whitened.Span.Slice(first * Dimensions, rows * Dimensions));
        }
        ArrayPool<float>.Shared.Return(centred);
    }

    /// <summary>
    /// Filters for centres of whitened patches, centres · S · V, n×m into n×d: such a filter's answer to a centred patch is the
    /// inner product of its centre with the whitened patch.
    /// </summary>
    public float[] Fold(ReadOnlySpan<float> centres)
    {
        int count = Dimensions == 0 ? 0 : centres.Length / Dimensions;
        if (centres.Length != count * Dimensions)
            throw new ArgumentException($"{centres.Length} values are not whole centres of {Dimensions}", nameof(centres));
        float[] folded = new float[count * Inputs];
        if (count > 0) arithmetic.Product(false, false, count, Inputs, Dimensions, centres, filters, folded);
        return folded;
    }

    private static double[] Inverse(EigenPairs pairs) => [.. pairs.Values.Take(pairs.Rank).Select(value => 1 / Math.Sqrt(value))];

    private static EigenPairs Pairs(Arithmetic arithmetic, double[] matrix, int dimensions, int outputs, RandomSource random, double tolerance)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(outputs);
        return new SymmetricEigen(arithmetic) { Tolerance = tolerance }.Largest(matrix, dimensions, Math.Min(outputs, dimensions), random);
    }
}

using EvenNet.Framework;

namespace EvenNet.Initialization;

/// <summary>
/// The largest eigenpairs of a symmetric positive semi-definite matrix, such as a covariance. Small matrices, and those of
/// which more than half of the pairs are wanted, go to a dense solver in double; its time grows with d³. For the others a
/// <see cref="SubspaceIteration"/> finds the subspace. In both, the vectors make the matrix diagonal to rounding in double, so
/// that whitened data are uncorrelated down to the smallest eigenvalue kept.
/// </summary>
public sealed class SymmetricEigen(Arithmetic arithmetic)
{
    private const int LargestDense = 384;

    /// <summary>
    /// Largest residual of a pair, relative to its value, at which an iteration ends; <see cref="DefaultTolerance"/> by default. What the vectors
    /// found span may mix that much of its neighbours in; within it they make the matrix diagonal all the same.
    /// </summary>
    public double Tolerance { get; init; } = DefaultTolerance;

    /// <summary>10⁻⁴.</summary>
    public const double DefaultTolerance = 1e-4;

    /// <summary>The <paramref name="count"/> largest eigenpairs.</summary>
    /// <param name="matrix">A symmetric positive semi-definite matrix: d×d.</param>
    /// <param name="dimensions">Its rows and columns, d.</param>
    /// <param name="count">How many pairs, 1 … d.</param>
    /// <param name="random">Fills the block that an iteration starts with.</param>
    /// <exception cref="ArgumentException">A size is wrong or a value is not finite.</exception>
    public EigenPairs Largest(double[] matrix, int dimensions, int count, RandomSource random)
    {
        if (dimensions < 1 || matrix.LongLength != (long)dimensions * dimensions)
            throw new ArgumentException($"a matrix of {dimensions}×{dimensions} has not {matrix.LongLength} values", nameof(matrix));
        if (count < 1 || count > dimensions)
            throw new ArgumentException($"a matrix of {dimensions}×{dimensions} has not {count} eigenpairs", nameof(count));
        int wrong = Array.FindIndex(matrix, value => !double.IsFinite(value));
        if (wrong >= 0)
            throw new ArgumentException($"the matrix holds {matrix[wrong]} at ({wrong / dimensions}, {wrong % dimensions})", nameof(matrix));

        EigenPairs pairs = dimensions <= LargestDense || count > dimensions / 2
            ? DenseEigen.Largest(arithmetic, matrix, dimensions, count)
            : new SubspaceIteration(arithmetic, matrix, dimensions, count, Tolerance, random).Run();
        FixSigns(pairs);
        return pairs;
    }

    // Of a vector and its negative, the one whose entry of largest magnitude (the first of equals) is positive.
    internal static void FixSigns(EigenPairs pairs)
    {
        for (int i = 0; i < pairs.Values.Length; i++)
        {
            Span<double> vector = pairs.Vectors.AsSpan(i * pairs.Dimensions, pairs.Dimensions);
            double largest = 0;
            foreach (double entry in vector) if (Math.Abs(entry) > Math.Abs(largest)) largest = entry;
            if (largest < 0) VectorMath.Scale(-1, vector);
        }
    }
}

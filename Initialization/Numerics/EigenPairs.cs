namespace EvenNet.Initialization;

/// <summary>Some eigenpairs of a symmetric matrix, the largest first.</summary>
/// <param name="Dimensions">Rows and columns of the matrix, d.</param>
/// <param name="Values">Eigenvalues, descending: k.</param>
/// <param name="Vectors">Orthonormal eigenvectors, one a row: k×d. The entry of largest magnitude is positive in each.</param>
/// <param name="Residual">Largest ‖A·v − λ·v‖ over the pairs, relative to the largest eigenvalue.</param>
/// <param name="Products">Multiplications of a whole block of vectors by the matrix; 0 where a dense solver did all.</param>
public sealed record EigenPairs(int Dimensions, double[] Values, double[] Vectors, double Residual, int Products)
{
    /// <summary>Eigenvalues up to this share of the largest count as zero.</summary>
    public const double ZeroShare = 1e-7;

    /// <summary>How many of the values are not zero, as far as <see cref="ZeroShare"/> can tell.</summary>
    public int Rank => Values.Count(value => value > 0 && value > ZeroShare * Values[0]);

    /// <summary>Eigenvector <paramref name="index"/>: d.</summary>
    public ReadOnlySpan<double> Vector(int index) => Vectors.AsSpan(index * Dimensions, Dimensions);
}

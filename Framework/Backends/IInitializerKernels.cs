namespace EvenNet.Framework;

/// <summary>
/// What the initializers do with values and patches, done where a device holds them. A backend that works in the host's memory has none of these: there the
/// initializers' own loops do the same. Results are the same bits each time.
/// </summary>
public interface IInitializerKernels
{
    /// <summary>
    /// Adds the moments of all of a group's patches, or of what a basis makes of them: x − offset to sum, m, and (x − offset)(x − offset)ᵀ to the lower triangle of
    /// scatter, m×m. Offset is set first: near the mean, or zero for a basis, which has taken the mean off.
    /// </summary>
    void AddMoments(PatchGroup patches, PatchBasis? basis, Span<double> offset, Span<double> sum, Span<double> scatter);

    /// <summary>What a basis makes of some of a group's patches, by ascending number: chosen × m.</summary>
    void Choose(PatchGroup patches, PatchBasis basis, ReadOnlySpan<int> chosen, Span<float> rows);

    /// <summary>Takes rows, n×m, to the device.</summary>
    IHeldRows Hold(ReadOnlySpan<float> rows, int dimensions);

    /// <summary>Mean of |x|.</summary>
    double MeanMagnitude(Tensor value);

    /// <summary>Multiplies values by a factor, in double.</summary>
    void Multiply(Region values, double factor);
}

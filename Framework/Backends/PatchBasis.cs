namespace EvenNet.Framework;

/// <summary>A change of basis of patches of d values, filters · (x − offset).</summary>
/// <param name="Offset">d.</param>
/// <param name="Filters">m×d.</param>
public sealed record PatchBasis(float[] Offset, float[] Filters);

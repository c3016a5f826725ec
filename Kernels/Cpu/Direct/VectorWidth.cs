using System.Runtime.Intrinsics;

namespace EvenNet.Kernels.Cpu;

/// <summary>Which of the vector kernels runs. Every width computes the same sums from the same packed weights.</summary>
/// <param name="Bits">Bits of a vector register.</param>
/// <param name="TileRows">The most rows of a register tile.</param>
internal readonly record struct VectorWidth(int Bits, int TileRows)
{
    public static VectorWidth Portable => new(128, 6);

    public static VectorWidth Avx2 => new(256, 6);

    public static VectorWidth Avx512 => new(512, 14);

    /// <summary>The widest that this processor and its runtime settings support.</summary>
    public static VectorWidth Widest => Vector512.IsHardwareAccelerated ? Avx512 : Vector256.IsHardwareAccelerated ? Avx2 : Portable;

    /// <summary>All that can run here, the portable one first.</summary>
    public static IReadOnlyList<VectorWidth> Available => [.. new[] { Portable, Avx2, Avx512 }.Where(width => width.Bits <= Widest.Bits)];

    public override string ToString() => $"{Bits}-bit";
}

using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace EvenNet.Kernels.Cpu;

/// <summary>
/// eᵛ for v ≤ 0, to a few units in the last place: v = n · ln 2 + r with |r| ≤ ln 2 / 2, and eʳ − 1 by its series up to r⁷ / 7!, whose rest is under
/// 2⁻²⁷. Values under −87, where floats stop being normal, count as −87. What is not a number stays so.
/// </summary>
internal static class Exponential
{
    private const float Least = -87;

    // A sum with it has the nearest whole number, and the bias of a float's exponent, in its lowest bits.
    private const float Rounder = 3 << 22, Biased = Rounder + 127;

    // The first has nine bits, so that its multiples by n are exact; the second is the rest.
    private const float Ln2High = 355f / 512, Ln2Low = (float)(0.693147180559945309 - 355.0 / 512);

    /// <summary>eᵛ for v ≤ 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Of(Vector512<float> v)
    {
        (Vector512<float> fraction, Vector512<float> power) = Parts(v);
        return Vector512.MultiplyAddEstimate(fraction, power, power);
    }

    /// <summary>eᵛ − 1 for v ≤ 0, exact to the last places near zero too.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> LessOne(Vector512<float> v)
    {
        (Vector512<float> fraction, Vector512<float> power) = Parts(v);
        return Vector512.MultiplyAddEstimate(fraction, power, power - Vector512<float>.One);
    }

    // eʳ − 1, and 2ⁿ.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector512<float> Fraction, Vector512<float> Power) Parts(Vector512<float> v)
    {
        v = Vector512.ConditionalSelect(Vector512.LessThan(v, Vector512.Create(Least)), Vector512.Create(Least), v);
        Vector512<float> biased = Vector512.MultiplyAddEstimate(v, Vector512.Create(1.44269504f), Vector512.Create(Biased)), n = biased - Vector512.Create(Biased);
        Vector512<float> power = Vector512.ShiftLeft(biased.AsInt32(), 23).AsSingle();
        Vector512<float> r = Vector512.MultiplyAddEstimate(n, Vector512.Create(-Ln2High), v);
        r = Vector512.MultiplyAddEstimate(n, Vector512.Create(-Ln2Low), r);
        Vector512<float> sum = Vector512.Create(1 / 5040f);
        sum = Vector512.MultiplyAddEstimate(sum, r, Vector512.Create(1 / 720f));
        sum = Vector512.MultiplyAddEstimate(sum, r, Vector512.Create(1 / 120f));
        sum = Vector512.MultiplyAddEstimate(sum, r, Vector512.Create(1 / 24f));
        sum = Vector512.MultiplyAddEstimate(sum, r, Vector512.Create(1 / 6f));
        sum = Vector512.MultiplyAddEstimate(sum, r, Vector512.Create(0.5f));
        return (Vector512.MultiplyAddEstimate(sum, r * r, r), power);
    }
}

using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using EvenNet.Framework;

namespace EvenNet.Kernels.Cpu;

/// <summary>1 / (1 + e) where x ≥ 0, e / (1 + e) below, with e = e^−|x|, which never overflows; its slope is y (1 − y).</summary>
internal readonly struct CpuSigmoid : ICurve
{
    public static bool KeepsZero => false;

    public static KernelOffer? Offer(KernelRequest r, Threads threads) =>
        r.Layer is Sigmoid ? CpuCurve<CpuSigmoid>.Offer(r, "cpu.sigmoid", alpha: 0, threads) : null;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Value(Vector512<float> x, Vector512<float> alpha, Vector512<float> beta)
    {
        Vector512<float> e = Exponential.Of(-Vector512.Abs(x));
        return Vector512.ConditionalSelect(Vector512.LessThan(x, Vector512<float>.Zero), e, Vector512<float>.One) / (Vector512<float>.One + e);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Slope(Vector512<float> y, Vector512<float> alpha, Vector512<float> beta) => y * (Vector512<float>.One - y);
}

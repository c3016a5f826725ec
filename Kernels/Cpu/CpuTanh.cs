using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using EvenNet.Framework;

namespace EvenNet.Kernels.Cpu;

/// <summary>tanh |x| = −t / (2 + t) with t = e^(−2|x|) − 1, which loses no digits near zero and never overflows; its slope is (1 − y)(1 + y).</summary>
internal readonly struct CpuTanh : ICurve
{
    public static bool KeepsZero => true;

    public static KernelOffer? Offer(KernelRequest r, Threads threads) => r.Layer is Tanh ? CpuCurve<CpuTanh>.Offer(r, "cpu.tanh", alpha: 0, threads) : null;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Value(Vector512<float> x, Vector512<float> alpha, Vector512<float> beta)
    {
        Vector512<float> t = Exponential.LessOne(Vector512.Abs(x) * Vector512.Create(-2f));
        return Vector512.CopySign(-t / (t + Vector512.Create(2f)), x);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Slope(Vector512<float> y, Vector512<float> alpha, Vector512<float> beta) => (Vector512<float>.One - y) * (Vector512<float>.One + y);
}

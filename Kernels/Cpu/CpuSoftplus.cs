using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using EvenNet.Framework;

namespace EvenNet.Kernels.Cpu;

/// <summary>max(x, 0) + ln(1 + e^−|x|), which never overflows; its slope is the sigmoid of x.</summary>
internal readonly struct CpuSoftplus : ICurve
{
    public static bool KeepsZero => false;

    public static KernelOffer? Offer(KernelRequest r, Threads threads) => r.Layer is Softplus ? CpuCurve<CpuSoftplus>.Offer(r, "cpu.softplus", alpha: 0, threads, BackwardReads.Inputs) : null;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Value(Vector512<float> x, Vector512<float> a, Vector512<float> b) => Vector512.Max(x, Vector512<float>.Zero) + Vector512.Log(Vector512<float>.One + Exponential.Of(-Vector512.Abs(x)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Slope(Vector512<float> x, Vector512<float> a, Vector512<float> b) => CpuSigmoid.Value(x, a, b);
}

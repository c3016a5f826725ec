using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using EvenNet.Framework;

namespace EvenNet.Kernels.Cpu;

/// <summary>y = 1 where x exceeds a level, else 0; its slope is zero.</summary>
internal readonly struct CpuThreshold : ICurve
{
    public static bool KeepsZero => false;

    public static KernelOffer? Offer(KernelRequest r, Threads threads) => r.Layer is Threshold layer ? CpuCurve<CpuThreshold>.Offer(r, "cpu.threshold", layer.Level, threads, BackwardReads.Inputs) : null;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Value(Vector512<float> x, Vector512<float> level, Vector512<float> b) => Vector512.GreaterThan(x, level) & Vector512<float>.One;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Slope(Vector512<float> x, Vector512<float> level, Vector512<float> b) => Vector512<float>.Zero;
}

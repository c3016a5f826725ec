using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using EvenNet.Framework;

namespace EvenNet.Kernels.Cpu;

/// <summary>y = |x|, whose slope is the sign of x, and zero at zero.</summary>
internal readonly struct CpuAbsolute : ICurve
{
    public static bool KeepsZero => true;

    public static KernelOffer? Offer(KernelRequest r, Threads threads) => r.Layer is Absolute ? CpuCurve<CpuAbsolute>.Offer(r, "cpu.absolute", alpha: 0, threads, BackwardReads.Inputs) : null;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Value(Vector512<float> x, Vector512<float> a, Vector512<float> b) => Vector512.Abs(x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Slope(Vector512<float> x, Vector512<float> a, Vector512<float> b) => Vector512.ConditionalSelect(Vector512.Equals(x, Vector512<float>.Zero), Vector512<float>.Zero, Vector512.CopySign(Vector512<float>.One, x));
}

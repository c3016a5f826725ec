using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using EvenNet.Framework;

namespace EvenNet.Kernels.Cpu;

/// <summary>y = x held between two bounds, whose slope is one from bound to bound.</summary>
internal readonly struct CpuClip : ICurve
{
    public static bool KeepsZero => false;

    public static KernelOffer? Offer(KernelRequest r, Threads threads) => r.Layer is Clip layer ? CpuCurve<CpuClip>.Offer(r, "cpu.clip", layer.Least, threads, BackwardReads.Inputs, layer.Most) : null;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Value(Vector512<float> x, Vector512<float> least, Vector512<float> most) => Vector512.Min(Vector512.Max(x, least), most);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Slope(Vector512<float> x, Vector512<float> least, Vector512<float> most) => Vector512.GreaterThanOrEqual(x, least) & Vector512.LessThanOrEqual(x, most) & Vector512<float>.One;
}

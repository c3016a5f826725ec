using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using EvenNet.Framework;

namespace EvenNet.Kernels.Cpu;

/// <summary>y = factor · x: what a rescaled layer's scale becomes in other frameworks' files. Other powers are the reference's.</summary>
internal readonly struct CpuPower : ICurve
{
    public static bool KeepsZero => true;

    public static KernelOffer? Offer(KernelRequest r, Threads threads) =>
        r.Layer is Power { Exponent: 1, Shift: 0 } layer ? CpuCurve<CpuPower>.Offer(r, "cpu.power", layer.Factor, threads) : null;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Value(Vector512<float> x, Vector512<float> alpha) => x * alpha;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Slope(Vector512<float> y, Vector512<float> alpha) => alpha;
}

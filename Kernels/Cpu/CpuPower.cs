using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using EvenNet.Framework;

namespace EvenNet.Kernels.Cpu;

/// <summary>y = factor · x: what a rescaled layer's scale becomes in other frameworks' files. With it the other powers that nets use; the rest are the reference's.</summary>
internal readonly struct CpuPower : ICurve
{
    public static bool KeepsZero => true;

    public static KernelOffer? Offer(KernelRequest r, Threads threads) => r.Layer is not Power layer ? null : layer switch
    {
        { Exponent: 1, Shift: 0 } => CpuCurve<CpuPower>.Offer(r, "cpu.power", layer.Factor, threads),
        { Exponent: 1 } => CpuCurve<CpuLine>.Offer(r, "cpu.line", layer.Factor, threads, beta: layer.Shift),
        { Exponent: 2 } => CpuCurve<CpuSquare>.Offer(r, "cpu.square", layer.Factor, threads, BackwardReads.Inputs, layer.Shift),
        _ => null,
    };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Value(Vector512<float> x, Vector512<float> a, Vector512<float> b) => a * x;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Slope(Vector512<float> y, Vector512<float> a, Vector512<float> b) => a;
}

/// <summary>y = factor · x + shift.</summary>
internal readonly struct CpuLine : ICurve
{
    public static bool KeepsZero => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Value(Vector512<float> x, Vector512<float> a, Vector512<float> b) => a * x + b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Slope(Vector512<float> y, Vector512<float> a, Vector512<float> b) => a;
}

/// <summary>y = (factor · x + shift)².</summary>
internal readonly struct CpuSquare : ICurve
{
    public static bool KeepsZero => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Value(Vector512<float> x, Vector512<float> a, Vector512<float> b) => (a * x + b) * (a * x + b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Slope(Vector512<float> x, Vector512<float> a, Vector512<float> b) => (a + a) * (a * x + b);
}

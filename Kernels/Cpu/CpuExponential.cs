using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using EvenNet.Framework;

namespace EvenNet.Kernels.Cpu;

/// <summary>y = e^(a · x + b), where a and b are the factor and the shift times the logarithm of the base; its slope is a · y.</summary>
internal readonly struct CpuExponential : ICurve
{
    public static bool KeepsZero => false;

    public static KernelOffer? Offer(KernelRequest r, Threads threads) => r.Layer is Framework.Exponential layer
        ? CpuCurve<CpuExponential>.Offer(r, "cpu.exponential", (float)(layer.LogBase * layer.Factor), threads, beta: (float)(layer.LogBase * layer.Shift))
        : null;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Value(Vector512<float> x, Vector512<float> a, Vector512<float> b) => Vector512.Exp(a * x + b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Slope(Vector512<float> y, Vector512<float> a, Vector512<float> b) => a * y;
}

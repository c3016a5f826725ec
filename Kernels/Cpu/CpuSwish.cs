using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using EvenNet.Framework;

namespace EvenNet.Kernels.Cpu;

/// <summary>y = x · σ(βx), whose slope is σ(βx) · (1 + βx · (1 − σ(βx))).</summary>
internal readonly struct CpuSwish : ICurve
{
    public static bool KeepsZero => true;

    public static KernelOffer? Offer(KernelRequest r, Threads threads) => r.Layer is Swish layer ? CpuCurve<CpuSwish>.Offer(r, "cpu.swish", layer.Beta, threads, BackwardReads.Inputs) : null;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Value(Vector512<float> x, Vector512<float> a, Vector512<float> b) => x * CpuSigmoid.Value(a * x, a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Slope(Vector512<float> x, Vector512<float> a, Vector512<float> b)
    {
        Vector512<float> z = a * x, s = CpuSigmoid.Value(z, a, b);
        return s * (Vector512<float>.One + z * (Vector512<float>.One - s));
    }
}

using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using EvenNet.Framework;

namespace EvenNet.Kernels.Cpu;

/// <summary>y = x where x &gt; 0, else α · (eˣ − 1), whose slope is y + α. As α is not negative, the sign of y is that of x.</summary>
internal readonly struct CpuElu : ICurve
{
    public static bool KeepsZero => true;

    public static KernelOffer? Offer(KernelRequest r, Threads threads) => r.Layer is Elu layer ? CpuCurve<CpuElu>.Offer(r, "cpu.elu", layer.Alpha, threads) : null;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Value(Vector512<float> x, Vector512<float> alpha, Vector512<float> beta) =>
        Vector512.ConditionalSelect(Vector512.GreaterThan(x, Vector512<float>.Zero), x, alpha * Exponential.LessOne(x));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Slope(Vector512<float> y, Vector512<float> alpha, Vector512<float> beta) =>
        Vector512.ConditionalSelect(Vector512.GreaterThan(y, Vector512<float>.Zero), Vector512<float>.One, y + alpha);
}

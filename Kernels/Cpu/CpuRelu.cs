using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using EvenNet.Framework;

namespace EvenNet.Kernels.Cpu;

/// <summary>y = x where x is positive, else α · x. With an α of zero or more the sign of y says where x was positive, else only that of x does.</summary>
internal readonly struct CpuRelu : ICurve
{
    public static bool KeepsZero => true;

    public static KernelOffer? Offer(KernelRequest r, Threads threads) =>
        r.Layer is Relu layer
            ? CpuCurve<CpuRelu>.Offer(r, "cpu.relu", layer.Slope, threads, layer.Slope >= 0 ? BackwardReads.Output : BackwardReads.Inputs) with { Overwrites = layer.Slope == 0 }
            : null;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Value(Vector512<float> x, Vector512<float> alpha, Vector512<float> beta) =>
        Vector512.ConditionalSelect(Vector512.GreaterThan(x, Vector512<float>.Zero), x, alpha * x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Slope(Vector512<float> kept, Vector512<float> alpha, Vector512<float> beta) =>
        Vector512.ConditionalSelect(Vector512.GreaterThan(kept, Vector512<float>.Zero), Vector512<float>.One, alpha);
}

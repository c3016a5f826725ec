using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace EvenNet.Kernels.Cpu;

/// <summary>A number for each channel, as the vector that a plane's elements meet: one channel's in all lanes, or sixteen channels'.</summary>
internal sealed class PlaneConstants(CpuTensor tensor)
{
    // Lanes without a channel stay zero.
    private readonly float[] values = new float[tensor.Planes * tensor.Lanes];
    private readonly int lanes = tensor.Lanes, planes = tensor.Planes;

    /// <summary>A channel's number.</summary>
    public float this[int channel]
    {
        set => values[channel] = value;
    }

    /// <summary>The vector of a plane; planes count through all samples.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector512<float> Of(int plane) => lanes == 1
        ? Vector512.Create(values[plane % planes])
        : Vector512.Create<float>(values.AsSpan(plane % planes * Lane.Count, Lane.Count));
}

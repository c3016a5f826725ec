using System.Runtime.InteropServices;
using EvenNet.Framework;
using LayoutKind = EvenNet.Framework.LayoutKind;

namespace EvenNet.Kernels.Cpu;

/// <summary>
/// How a value lies in memory: sample × plane × (height + 2·halo) × (width + 2·halo) × lanes. A plane holds <paramref name="Lanes"/>
/// neighbouring channels side by side (16: blocked, 1: plain). The halo is zero, and so are the lanes beyond the last channel:
/// kernels read both as if they were data. Distances are in floats.
/// </summary>
internal readonly record struct HaloLayout(int Channels, int Height, int Width, int Halo = 0, int Lanes = HaloLayout.Block)
{
    /// <summary>Channels of a blocked plane.</summary>
    public const int Block = 16;

    public int Planes => (Channels + Lanes - 1) / Lanes;

    public long Row => (Width + 2L * Halo) * Lanes;

    public long Plane => (Height + 2L * Halo) * Row;

    /// <summary>Floats of other values between samples, where this one is part of a larger.</summary>
    public long SampleGap { get; init; }

    public long Sample => Planes * Plane + SampleGap;

    /// <summary>How a tensor lies.</summary>
    public static HaloLayout Of(Tensor t) => new(
        t.Shape.Channels, t.Shape.Height, t.Shape.Width, t.Layout.Halo, t.Layout.Kind == LayoutKind.Blocked ? Block : 1)
    {
        SampleGap = t.SampleStride - t.Layout.SampleCount(t.Shape),
    };

    /// <summary>Distance from a sample's start to a pixel; rows and columns of the halo have negative numbers.</summary>
    public long At(int plane, int h, int w) => plane * Plane + (h + Halo) * Row + (w + Halo) * Lanes;

    /// <summary>Zeroes the halo of one plane.</summary>
    public unsafe void ClearHalo(float* plane)
    {
        if (Halo == 0) return;
        nuint edge = (nuint)(Halo * (Row + Lanes) * sizeof(float)), sides = (nuint)(2L * Halo * Lanes * sizeof(float));
        NativeMemory.Clear(plane, edge);
        for (int h = 0; h < Height - 1; h++) NativeMemory.Clear(plane + At(0, h, Width), sides);
        NativeMemory.Clear(plane + At(0, Height - 1, Width), edge);
    }
}

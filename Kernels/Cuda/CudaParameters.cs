using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using EvenNet.Framework;

namespace EvenNet.Kernels.Cuda;

/// <summary>A window and what it moves over; the struct of the same name in NativeKernels.cu.</summary>
internal readonly record struct WindowSize(
    int Batch, int Channels, int Height, int Width, int Outputs, int Rows, int Columns, int KernelHeight, int KernelWidth, int StrideHeight, int StrideWidth,
    int PadHeight, int PadWidth, int DilationHeight, int DilationWidth, int Groups)
{
    public static WindowSize Of(Convolution layer, int batch, Shape x, Shape y) => new(
        batch, x.Channels, x.Height, x.Width, y.Channels, y.Height, y.Width, layer.Kernel.Height, layer.Kernel.Width, layer.Stride.Height, layer.Stride.Width,
        layer.Pad.Height, layer.Pad.Width, layer.Dilation.Height, layer.Dilation.Width, layer.Groups);

    /// <summary>That of the convolution from the layer's output to its input.</summary>
    public static WindowSize Of(Deconvolution layer, int batch, Shape x, Shape y) => new(
        batch, y.Channels, y.Height, y.Width, x.Channels, x.Height, x.Width, layer.Kernel.Height, layer.Kernel.Width, layer.Stride.Height, layer.Stride.Width,
        layer.Pad.Height, layer.Pad.Width, layer.Dilation.Height, layer.Dilation.Width, layer.Groups);

    public static WindowSize Of(Pooling layer, int batch, Shape x, Shape y) => new(
        batch, x.Channels, x.Height, x.Width, y.Channels, y.Height, y.Width, layer.Kernel.Height, layer.Kernel.Width, layer.Stride.Height, layer.Stride.Width,
        layer.Pad.Height, layer.Pad.Width, DilationHeight: 1, DilationWidth: 1, Groups: 1);
}

/// <summary>What regions are pooled from and into; mirrors the struct in NativeKernels.cu.</summary>
internal readonly record struct RoiSize(int Pictures, int Regions, int Channels, int Height, int Width, int Rows, int Columns, float Scale);

/// <summary>What is cut out of what, and where it begins; the struct of the same name in NativeKernels.cu.</summary>
internal readonly record struct CropSize(int Batch, int Channels, int Height, int Width, int Outputs, int Rows, int Columns, int Channel, int Row, int Column);

/// <summary>Inputs of a layer and their factors; the struct of the same name in NativeKernels.cu.</summary>
[StructLayout(System.Runtime.InteropServices.LayoutKind.Sequential)]
internal struct InputList
{
    /// <summary>The most inputs.</summary>
    public const int Capacity = 16;

    private Addresses x;
    private Factors factors;
    private int count;

    public void Add(ulong address, float factor)
    {
        x[count] = address;
        factors[count++] = factor;
    }

    [InlineArray(Capacity)]
    private struct Addresses
    {
        private ulong first;
    }

    [InlineArray(Capacity)]
    private struct Factors
    {
        private float first;
    }
}

using EvenNet.Framework;

namespace EvenNet.Kernels.Cpu;

/// <summary>The numbers of one convolution: y[o, p, q] = Σ weight[o, c, r, s] · x[c, p · stride − pad + r · dilation, …].</summary>
internal sealed record ConvolutionShape(int Batch, int Inputs, int Outputs, int Height, int Width, int KernelHeight, int KernelWidth)
{
    public int Groups { get; init; } = 1;

    public int StrideHeight { get; init; } = 1;

    public int StrideWidth { get; init; } = 1;

    public int PadHeight { get; init; }

    public int PadWidth { get; init; }

    public int DilationHeight { get; init; } = 1;

    public int DilationWidth { get; init; } = 1;

    public int OutputHeight => (Height + 2 * PadHeight - DilationHeight * (KernelHeight - 1) - 1) / StrideHeight + 1;

    public int OutputWidth => (Width + 2 * PadWidth - DilationWidth * (KernelWidth - 1) - 1) / StrideWidth + 1;

    /// <summary>Weights of one output: inputs of its group × kernel height × kernel width.</summary>
    public int FanIn => Inputs / Groups * Window;

    /// <summary>Positions of the window: kernel height × kernel width.</summary>
    public int Window => KernelHeight * KernelWidth;

    /// <summary>Floating-point operations of one forward pass, and of each of the two backward ones.</summary>
    public double Operations => 2.0 * Batch * OutputHeight * OutputWidth * Outputs * FanIn;

    /// <summary>A layer's convolution of images of this size.</summary>
    public static ConvolutionShape Of(Convolution layer, int batch, Shape input) =>
        new(batch, input.Channels, layer.Outputs, input.Height, input.Width, layer.Kernel.Height, layer.Kernel.Width)
        {
            Groups = layer.Groups,
            StrideHeight = layer.Stride.Height,
            StrideWidth = layer.Stride.Width,
            PadHeight = layer.Pad.Height,
            PadWidth = layer.Pad.Width,
            DilationHeight = layer.Dilation.Height,
            DilationWidth = layer.Dilation.Width,
        };
}

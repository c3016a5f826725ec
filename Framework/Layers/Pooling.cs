namespace EvenNet.Framework;

/// <summary>What a pooling window yields.</summary>
public enum PoolKind
{
    /// <summary>The largest value; the first one in row order gets the gradient.</summary>
    Max,

    /// <summary>The sum over the window, divided by its area with padding counted, without what lies beyond the padding.</summary>
    Average,
}

/// <summary>
/// Pooling with Caffe's sizes: (H + 2·pad − kernel) / stride + 1 rounded up, less a last window that would start beyond the image.
/// Published nets rely on both. (Without padding and with a stride over the kernel Caffe keeps that window, which then sees nothing.)
/// </summary>
public sealed record Pooling(PoolKind Kind, Extent Kernel) : Layer
{
    /// <summary>Step of the window.</summary>
    public Extent Stride { get; init; } = 1;

    /// <summary>Padding on each side; it never wins a maximum.</summary>
    public Extent Pad { get; init; } = 0;

    /// <summary>Rounds the output size down instead of up.</summary>
    public bool Floor { get; init; }

    /// <inheritdoc/>
    public override Shape Infer(IReadOnlyList<Shape> inputs)
    {
        Shape x = One(inputs);
        Require("kernel", Kernel, 1);
        Require("stride", Stride, 1);
        Require("pad", Pad, 0);
        if (Pad.Height >= Kernel.Height || Pad.Width >= Kernel.Width) throw Invalid($"padding {Pad} must be smaller than the {Kernel} window");
        if (x.Height + 2 * Pad.Height < Kernel.Height || x.Width + 2 * Pad.Width < Kernel.Width)
            throw Invalid($"a {Kernel} window does not fit {x.Height}×{x.Width} padded by {Pad}");
        return new Shape(x.Channels, Size(x.Height, Kernel.Height, Stride.Height, Pad.Height), Size(x.Width, Kernel.Width, Stride.Width, Pad.Width));
    }

    private int Size(int size, int kernel, int stride, int pad)
    {
        int room = size + 2 * pad - kernel;
        int count = (Floor ? room : room + stride - 1) / stride + 1;
        return (count - 1) * stride >= size + pad ? count - 1 : count;
    }
}

/// <summary>The fluent face of <see cref="Framework.Pooling"/>.</summary>
public static class PoolingNotation
{
    extension(Node x)
    {
        /// <summary>Max pooling.</summary>
        public Node MaxPool(string name, Extent kernel, Extent stride, Extent? pad = null) =>
            new(name, new Pooling(PoolKind.Max, kernel) { Stride = stride, Pad = pad ?? 0 }, x);

        /// <summary>Average pooling.</summary>
        public Node AveragePool(string name, Extent kernel, Extent stride, Extent? pad = null) =>
            new(name, new Pooling(PoolKind.Average, kernel) { Stride = stride, Pad = pad ?? 0 }, x);

        /// <summary>The mean of each channel.</summary>
        public Node GlobalAveragePool(string name) => new(name, new Pooling(PoolKind.Average, new Extent(x.Shape.Height, x.Shape.Width)), x);
    }
}

using EvenNet.Framework;

namespace EvenNet.Kernels.Cpu;

/// <summary>
/// y[c, p, q] = x[channel + c, row + p, column + q]. Whole planes of whole blocks of channels stay in the order that they arrive in; other cuts are made plain.
/// </summary>
internal sealed unsafe class CpuCrop : Kernel
{
    private readonly Threads threads;
    private readonly bool accumulate;
    private readonly int channel, row, column;      // channels in planes
    private readonly CpuTensor x, y, dx, dy;
    private readonly Action<int, int> forward, backward;

    private CpuCrop(Bindings b, Crop layer, Threads threads)
    {
        (this.threads, accumulate) = (threads, b.Accumulate[0]);
        (x, y) = (new CpuTensor(b.Inputs[0]), new CpuTensor(b.Output));
        (channel, row, column) = (layer.Channel / x.Lanes, layer.Row, layer.Column);
        if (b.InputGradients[0] is { } gradient) (dx, dy) = (new CpuTensor(gradient), new CpuTensor(b.OutputGradient!));
        (forward, backward) = (ForwardPlane, BackwardPlane);
    }

    public static KernelOffer? Offer(KernelRequest r, Threads threads)
    {
        if (r.Layer is not Crop layer) return null;
        Shape from = r.Inputs[0];
        bool isWhole = layer.Size.Height == from.Height && layer.Size.Width == from.Width && layer.Channel % Layout.BlockSize == 0
            && (layer.Size.Channels % Layout.BlockSize == 0 || layer.Channel + layer.Size.Channels == from.Channels);
        LayoutKind kind = isWhole ? CpuTensor.Arriving(r) : LayoutKind.Plain;
        return new("cpu.crop", [new Layout(kind)], kind, BackwardReads.None, b => new CpuCrop(b, layer, threads));
    }

    public override void Forward(Phase phase) => threads.For(y.AllPlanes, forward);

    public override void Backward()
    {
        if (dx.Samples > 0) threads.For(dx.AllPlanes, backward);
    }

    private void ForwardPlane(int worker, int plane)
    {
        long source = (long)(plane / y.Planes) * x.Planes + channel + plane % y.Planes;
        for (int p = 0; p < y.Height; p++) CpuTensor.Copy(x.Row(source, row + p) + column * x.Lanes, y.Row(plane, p), y.RowLength, add: false);
        y.ClearBorder(plane);
    }

    // A plane of the input's gradient: zeros beside the cut.
    private void BackwardPlane(int worker, int plane)
    {
        int c = plane % dx.Planes - channel;
        long source = (long)(plane / dx.Planes) * dy.Planes + c;
        for (int h = 0; h < dx.Height; h++)
        {
            bool isCut = c >= 0 && c < dy.Planes && h >= row && h < row + dy.Height;
            if (!accumulate && !(isCut && dy.RowLength == dx.RowLength)) dx.ClearRow(plane, h);
            if (isCut) CpuTensor.Copy(dy.Row(source, h - row), dx.Row(plane, h) + column * dx.Lanes, dy.RowLength, accumulate);
        }
        if (!accumulate) dx.ClearBorder(plane);
    }
}

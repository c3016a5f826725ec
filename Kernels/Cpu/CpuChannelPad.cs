using EvenNet.Framework;

namespace EvenNet.Kernels.Cpu;

/// <summary>The input's planes and zeros after them. Blocked where the input arrives blocked and fills its blocks, so that whole planes are copied; else plain.</summary>
internal sealed class CpuChannelPad : Kernel
{
    private readonly bool accumulate;
    private readonly CpuTensor x, y, dx, dy;
    private readonly CpuTensorPlanes forward;
    private readonly CpuTensorPlanes? backward;

    private CpuChannelPad(Bindings b, Threads threads)
    {
        accumulate = b.Accumulate[0];
        (x, y) = (new CpuTensor(b.Inputs[0]), new CpuTensor(b.Output));
        forward = new CpuTensorPlanes(threads, y.AllPlanes, y.PlaneSize, ForwardPlane);
        if (b.InputGradients[0] is not { } gradient) return;
        (dx, dy) = (new CpuTensor(gradient), new CpuTensor(b.OutputGradient!));
        backward = new CpuTensorPlanes(threads, dx.AllPlanes, dx.PlaneSize, BackwardPlane);
    }

    public static KernelOffer? Offer(KernelRequest r, Threads threads)
    {
        if (r.Layer is not ChannelPad) return null;
        LayoutKind kind = r.Inputs[0].Channels % Layout.BlockSize == 0 ? CpuTensor.Arriving(r) : LayoutKind.Plain;
        return new("cpu.channel-pad", [new Layout(kind)], kind, BackwardReads.None, b => new CpuChannelPad(b, threads));
    }

    public override void Forward(Phase phase) => forward.Run();

    public override void Backward() => backward?.Run();

    private void ForwardPlane(int worker, int plane)
    {
        int n = plane / y.Planes, c = plane % y.Planes;
        if (c < x.Planes)
        {
            x.CopyPlanes(n * (long)x.Planes + c, y, plane, count: 1, add: false);
            return;
        }
        for (int h = 0; h < y.Height; h++) y.ClearRow(plane, h);
        y.ClearBorder(plane);
    }

    private void BackwardPlane(int worker, int plane) =>
        dy.CopyPlanes(plane / dx.Planes * (long)dy.Planes + plane % dx.Planes, dx, plane, count: 1, accumulate);
}

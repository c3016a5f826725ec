using EvenNet.Framework;

namespace EvenNet.Kernels.Cpu;

/// <summary>
/// What max and average pooling share: their windows along each axis, cut off at the image, and a plane a call. Blocked where the input
/// arrives blocked, a vector of sixteen channels at a time; else plain, an element at a time.
/// </summary>
internal abstract unsafe class CpuPooling : Kernel
{
    private readonly bool hasBackward;
    private readonly CpuTensorPlanes forward, backward;

    protected CpuPooling(Bindings b, Pooling layer, Threads threads)
    {
        Layer = layer;
        (X, Y) = (new CpuTensor(b.Inputs[0]), new CpuTensor(b.Output));
        (Shape xs, Shape ys) = (b.Inputs[0].Shape, b.Output.Shape);
        Rows = Windows(ys.Height, layer.Kernel.Height, layer.Stride.Height, layer.Pad.Height, xs.Height);
        Columns = Windows(ys.Width, layer.Kernel.Width, layer.Stride.Width, layer.Pad.Width, xs.Width);
        Accumulate = b.Accumulate[0];
        forward = new CpuTensorPlanes(threads, Y.AllPlanes, X.PlaneStride, ForwardPlane);
        backward = new CpuTensorPlanes(threads, Y.AllPlanes, X.PlaneStride, BackwardPlane);
        hasBackward = b.InputGradients[0] is not null;
        if (hasBackward) (Dx, Dy) = (new CpuTensor(b.InputGradients[0]!), new CpuTensor(b.OutputGradient!));
    }

    /// <summary>Rows or columns First … End − 1 of the image lie in the window; its length is counted before the cut, up to the padding's end.</summary>
    protected readonly record struct Window(int First, int End, int Length);

    protected Pooling Layer { get; }

    protected CpuTensor X { get; }

    protected CpuTensor Y { get; }

    protected CpuTensor Dx { get; }

    protected CpuTensor Dy { get; }

    protected Window[] Rows { get; }

    protected Window[] Columns { get; }

    protected bool Accumulate { get; }

    public static KernelOffer? Offer(KernelRequest r, Threads threads)
    {
        if (r.Layer is not Pooling layer) return null;
        LayoutKind kind = CpuTensor.Arriving(r);
        return layer.Kind == PoolKind.Max
            ? new("cpu.max-pool", [new Layout(kind)], kind, BackwardReads.Inputs | BackwardReads.Output, b => new CpuMaxPooling(b, layer, threads))
            : new("cpu.average-pool", [new Layout(kind)], kind, BackwardReads.None, b => new CpuAveragePooling(b, layer, threads));
    }

    public sealed override void Forward(Phase phase) => forward.Run();

    public sealed override void Backward()
    {
        if (hasBackward) backward.Run();
    }

    protected abstract void ForwardPlane(int worker, int plane);

    protected abstract void BackwardPlane(int worker, int plane);

    /// <summary>Zeros the input gradient's rows from <paramref name="first"/> on, before windows add to them; while they are in the cache.</summary>
    protected int ClearRows(int plane, int first, int end)
    {
        for (; first < end && !Accumulate; first++) Dx.ClearRow(plane, first);
        return first;
    }

    private static Window[] Windows(int count, int kernel, int stride, int pad, int size)
    {
        var windows = new Window[count];
        for (int i = 0; i < count; i++)
        {
            int first = i * stride - pad, end = Math.Min(first + kernel, size + pad);
            windows[i] = new Window(Math.Max(first, 0), Math.Min(end, size), end - first);
        }
        return windows;
    }
}

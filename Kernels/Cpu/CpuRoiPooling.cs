using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using EvenNet.Framework;

namespace EvenNet.Kernels.Cpu;

/// <summary>
/// The largest value of each bin of each region. Forward works region by region, backward plane by plane of the map, regions in their order, so that
/// every sum has one order. As in max pooling backward finds the first cell in row order that equals the bin's value, and nothing is saved.
/// </summary>
internal sealed unsafe class CpuRoiPooling : Kernel
{
    private readonly RoiPooling layer;
    private readonly Threads threads;
    private readonly CpuTensor x, regions, y, dx, dy;
    private readonly RoiCells[] cells;
    private readonly bool hasBackward, accumulate;
    private readonly Action<int, int> forward;
    private readonly CpuTensorPlanes backward;

    private CpuRoiPooling(Bindings b, RoiPooling layer, Threads threads)
    {
        (this.layer, this.threads, accumulate) = (layer, threads, b.Accumulate[0]);
        (x, regions, y) = (new CpuTensor(b.Inputs[0]), new CpuTensor(b.Inputs[1]), new CpuTensor(b.Output));
        cells = new RoiCells[b.Output.Batch];
        hasBackward = b.InputGradients[0] is not null;
        if (hasBackward) (dx, dy) = (new CpuTensor(b.InputGradients[0]!), new CpuTensor(b.OutputGradient!));
        forward = ForwardRegion;
        backward = new CpuTensorPlanes(threads, x.AllPlanes, x.PlaneStride, BackwardPlane);
    }

    public static KernelOffer? Offer(KernelRequest r, Threads threads)
    {
        if (r.Layer is not RoiPooling layer) return null;
        LayoutKind kind = r.Arrives[0];
        return new("cpu.roi-pool", [new Layout(kind), Layout.Plain], kind, BackwardReads.Inputs | BackwardReads.Output, b => new CpuRoiPooling(b, layer, threads));
    }

    public override void Forward(Phase phase)
    {
        for (int r = 0; r < cells.Length; r++)
        {
            float* region = regions.Row((long)r * regions.Planes, 0);
            cells[r] = layer.Cells(region[0], region[1], region[2], region[3], region[4], x.Samples, r);
        }
        threads.For(cells.Length, forward);
    }

    public override void Backward()
    {
        if (hasBackward) backward.Run();
    }

    private void ForwardRegion(int worker, int r)
    {
        RoiCells at = cells[r];
        for (int c = 0; c < y.Planes; c++)
        {
            long to = (long)r * y.Planes + c, from = (long)Math.Max(at.Picture, 0) * x.Planes + c;
            for (int p = 0; p < y.Height; p++)
            {
                (int top, int bottom) = at.Picture < 0 ? (0, 0) : layer.Rows(at, p, x.Height);
                float* target = y.Row(to, p);
                for (int q = 0; q < y.Width; q++, target += y.Lanes)
                {
                    (int left, int right) = layer.Columns(at, q, x.Width);
                    if (y.Lanes == 1) *target = Largest(from, top, bottom, left, right);
                    else LargestOfLanes(from, top, bottom, left, right).Store(target);
                }
            }
            y.ClearBorder(to);
        }
    }

    private void BackwardPlane(int worker, int plane)
    {
        int picture = plane / x.Planes, c = plane % x.Planes;
        for (int h = 0; h < x.Height && !accumulate; h++) dx.ClearRow(plane, h);
        if (!accumulate) dx.ClearBorder(plane);
        for (int r = 0; r < cells.Length; r++)
        {
            RoiCells at = cells[r];
            if (at.Picture != picture) continue;
            long of = (long)r * y.Planes + c;
            for (int p = 0; p < y.Height; p++)
            {
                (int top, int bottom) = layer.Rows(at, p, x.Height);
                float* value = y.Row(of, p), gradient = dy.Row(of, p);
                for (int q = 0; q < y.Width; q++, value += y.Lanes, gradient += y.Lanes)
                {
                    (int left, int right) = layer.Columns(at, q, x.Width);
                    if (y.Lanes == 1) Give(plane, top, bottom, left, right, *value, *gradient);
                    else GiveLanes(plane, top, bottom, left, right, value, gradient);
                }
            }
        }
    }

    private float Largest(long plane, int top, int bottom, int left, int right)
    {
        if (bottom <= top || right <= left) return 0;
        float largest = x.Row(plane, top)[left];
        for (int h = top; h < bottom; h++)
        {
            float* row = x.Row(plane, h);
            for (int w = left; w < right; w++) largest = Math.Max(largest, row[w]);
        }
        return largest;
    }

    private void Give(long plane, int top, int bottom, int left, int right, float largest, float g)
    {
        for (int h = top; h < bottom; h++)
        {
            float* row = x.Row(plane, h);
            for (int w = left; w < right; w++)
            {
                if (row[w] != largest) continue;
                dx.Row(plane, h)[w] += g;
                return;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private Vector512<float> LargestOfLanes(long plane, int top, int bottom, int left, int right)
    {
        if (bottom <= top || right <= left) return Vector512<float>.Zero;
        float* row = x.Row(plane, top) + left * Lane.Count;
        int length = (right - left) * Lane.Count;
        Vector512<float> largest = Vector512.Load(row);
        for (int h = top; h < bottom; h++, row += x.RowStride)
            for (int i = 0; i < length; i += Lane.Count) largest = Vector512.MaxNative(largest, Vector512.Load(row + i));
        return largest;
    }

    // The first cell in row order that holds the largest value of a lane takes the lane's gradient.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void GiveLanes(long plane, int top, int bottom, int left, int right, float* value, float* gradient)
    {
        if (bottom <= top || right <= left) return;
        Vector512<float> largest = Vector512.Load(value), g = Vector512.Load(gradient);
        float* row = x.Row(plane, top) + left * Lane.Count, target = dx.Row(plane, top) + left * Lane.Count;
        int length = (right - left) * Lane.Count;
        for (int h = top; h < bottom; h++, row += x.RowStride, target += dx.RowStride)
        {
            for (int i = 0; i < length; i += Lane.Count)
            {
                Vector512<float> isFirst = Vector512.Equals(Vector512.Load(row + i), largest);
                (Vector512.Load(target + i) + Vector512.ConditionalSelect(isFirst, g, Vector512<float>.Zero)).Store(target + i);
                g = Vector512.ConditionalSelect(isFirst, Vector512<float>.Zero, g);
            }
        }
    }
}

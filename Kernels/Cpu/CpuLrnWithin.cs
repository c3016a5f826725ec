using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using EvenNet.Framework;
using LayoutKind = EvenNet.Framework.LayoutKind;

namespace EvenNet.Kernels.Cpu;

/// <summary>
/// y = x · t^−β with t = 1 + α/size² · Σ x² over the size × size window around the position, zeros beyond the image.
/// dx = dy · t^−β − 2αβ/size² · x · Σ dy · x · t^(−β−1) over the same window.
/// A plane's squares, and in backward its terms, are written into a workspace with a border of zeros; a window is read from there row by
/// row, in either order of memory: a neighbouring column is one float, or sixteen, away.
/// </summary>
internal sealed unsafe class CpuLrnWithin : Kernel
{
    private readonly int half;
    private readonly float scale, beta;
    private readonly bool accumulate;
    private readonly CpuTensor x, y, dx, dy;
    private readonly Workspace workspace;
    private readonly float* scratch;
    private readonly CpuTensorPlanes forward;
    private readonly CpuTensorPlanes? backward;

    // A plane with a border: rows of Stride floats, the first position Start floats in. Rows end in room for a whole vector.
    private readonly record struct Workspace(long Stride, long Start, long Size);

    private CpuLrnWithin(Bindings b, LrnWithin layer, Threads threads)
    {
        (half, scale, beta, accumulate) = (layer.Size / 2, layer.Alpha / (layer.Size * layer.Size), layer.Beta, b.Accumulate[0]);
        (x, y) = (new CpuTensor(b.Inputs[0]), new CpuTensor(b.Output));
        workspace = WorkspaceOf(layer, b.Inputs[0].Shape, x.Lanes);
        scratch = CpuTensor.Pointer(b.Scratch);
        forward = new CpuTensorPlanes(threads, x.AllPlanes, x.PlaneStride, ForwardPlane);
        if (b.InputGradients[0] is not { } gradient) return;
        (dx, dy) = (new CpuTensor(gradient), new CpuTensor(b.OutputGradient!));
        backward = new CpuTensorPlanes(threads, x.AllPlanes, x.PlaneStride, BackwardPlane);
    }

    public static KernelOffer? Offer(KernelRequest r, Threads threads)
    {
        if (r.Layer is not LrnWithin layer) return null;
        LayoutKind kind = CpuTensor.Arriving(r);
        Workspace workspace = WorkspaceOf(layer, r.Output, kind == LayoutKind.Blocked ? Lane.Count : 1);
        return new("cpu.lrn-within", [new Layout(kind)], kind, BackwardReads.Inputs, b => new CpuLrnWithin(b, layer, threads))
        {
            // Squares and terms.
            Scratch = 2 * workspace.Size * threads.Count,
        };
    }

    public override void Forward(Phase phase) => forward.Run();

    public override void Backward() => backward?.Run();

    private static Workspace WorkspaceOf(LrnWithin layer, Shape shape, int lanes)
    {
        int half = layer.Size / 2;
        long stride = ((shape.Width + 2L * half) * lanes + 2 * Lane.Count - 1) / Lane.Count * Lane.Count;
        return new Workspace(stride, half * (stride + lanes), stride * (shape.Height + 2L * half));
    }

    private void ForwardPlane(int worker, int plane)
    {
        float* squares = Squares(worker, plane);
        for (int h = 0; h < x.Height; h++) ForwardRow(x.Row(plane, h), squares + h * workspace.Stride, y.Row(plane, h));
        y.ClearBorder(plane);
    }

    private void BackwardPlane(int worker, int plane)
    {
        float* squares = Squares(worker, plane), terms = squares + workspace.Size;
        NativeMemory.Clear(terms - workspace.Start, (nuint)workspace.Size * sizeof(float));
        for (int h = 0; h < x.Height; h++)
        {
            Row row = new(x.Row(plane, h), dy.Row(plane, h), squares + h * workspace.Stride, terms + h * workspace.Stride, dx.Row(plane, h));
            FillTerms(row);
        }
        for (int h = 0; h < x.Height; h++)
        {
            Row row = new(x.Row(plane, h), dy.Row(plane, h), squares + h * workspace.Stride, terms + h * workspace.Stride, dx.Row(plane, h));
            BackwardRow(row);
        }
        if (!accumulate) dx.ClearBorder(plane);
    }

    private readonly ref struct Row(float* x, float* dy, float* squares, float* terms, float* dx)
    {
        public readonly float* X = x, Dy = dy, Squares = squares, Terms = terms, Dx = dx;
    }

    // The workspace's first position, its plane filled with x².
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private float* Squares(int worker, int plane)
    {
        float* squares = scratch + worker * 2 * workspace.Size;
        NativeMemory.Clear(squares, (nuint)workspace.Size * sizeof(float));
        squares += workspace.Start;
        for (int h = 0; h < x.Height; h++)
        {
            float* row = x.Row(plane, h), to = squares + h * workspace.Stride;
            for (int i = 0; i < x.RowLength; i += Lane.Count)
            {
                Vector512<float> value = Lane.Load(row + i, x.RowLength - i);
                Lane.Store(value * value, to + i, x.RowLength - i);
            }
        }
        return squares;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void ForwardRow(float* x, float* squares, float* y)
    {
        int length = this.x.RowLength;
        for (int i = 0; i < length; i += Lane.Count)
        {
            Vector512<float> t = Vector512<float>.One + scale * Sum(squares + i);
            Lane.Store(Lane.Load(x + i, length - i) * CpuLrn.Power(t, beta, out _), y + i, length - i);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void FillTerms(Row row)
    {
        int length = x.RowLength;
        for (int i = 0; i < length; i += Lane.Count)
        {
            int left = length - i;
            Vector512<float> t = Vector512<float>.One + scale * Sum(row.Squares + i), power = CpuLrn.Power(t, beta, out Vector512<float> inverse);
            Lane.Store(Lane.Load(row.Dy + i, left) * Lane.Load(row.X + i, left) * power * inverse, row.Terms + i, left);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void BackwardRow(Row row)
    {
        int length = x.RowLength;
        for (int i = 0; i < length; i += Lane.Count)
        {
            int left = length - i;
            Vector512<float> t = Vector512<float>.One + scale * Sum(row.Squares + i);
            Vector512<float> g = Lane.Load(row.Dy + i, left) * CpuLrn.Power(t, beta, out _)
                - 2 * scale * beta * Lane.Load(row.X + i, left) * Sum(row.Terms + i);
            if (accumulate) g += Lane.Load(row.Dx + i, left);
            Lane.Store(g, row.Dx + i, left);
        }
    }

    // Σ over the window around each of sixteen floats of the workspace
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Vector512<float> Sum(float* at)
    {
        Vector512<float> sum = Vector512<float>.Zero;
        for (int r = -half; r <= half; r++)
        {
            float* row = at + r * workspace.Stride;
            for (int s = -half; s <= half; s++) sum += Vector512.Load(row + s * x.Lanes);
        }
        return sum;
    }
}

using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using EvenNet.Framework;

namespace EvenNet.Kernels.Cpu;

/// <summary>
/// y[c] = x[c] · t[c]^−β with t[c] = k + α/size · Σ x[j]² over the size channels j around c.
/// dx[c] = dy[c] · t[c]^−β − 2αβ/size · x[c] · Σ dy[j] · x[j] · t[j]^(−β−1).
/// A column holds all channels of one position (blocked) or of sixteen positions (plain), as vectors. Its squares are written one after the
/// other into a workspace with zeros before and after; a neighbouring channel then is one float, or sixteen floats, away, and a window is
/// a few unaligned loads. One pass over memory each way; t is computed again in backward.
/// </summary>
internal sealed unsafe partial class CpuLrn : Kernel
{
    private const int WorkspaceSize = 16384;
    private readonly Threads threads;
    private readonly bool accumulate;
    private readonly CpuTensor x, y, dx, dy;
    private readonly Columns forwardColumns, backwardColumns;
    private readonly Window window;
    private readonly float* scratch;
    private readonly long scratchPerWorker;
    private readonly Action<int, int> forward, backward;

    // How a value is cut into columns: rows without borders join to one; groups of columns share a workspace.
    private readonly record struct Columns(int Rows, int RowLength, int PerGroup, int Groups);

    // step: floats from a channel to the next in a column of `vectors` vectors; stride: floats from a column to the next in the workspace.
    private readonly record struct Window(int Half, int Step, int Vectors, int Pad, float Scale, float K, float Beta, Vector512<float> LastBlock)
    {
        public int Stride => Vectors * Lane.Count + 2 * Pad;
    }

    private CpuLrn(Bindings b, Lrn layer, Threads threads)
    {
        (this.threads, accumulate) = (threads, b.Accumulate[0]);
        (x, y) = (new CpuTensor(b.Inputs[0]), new CpuTensor(b.Output));
        window = WindowOf(layer, x.Lanes, x.Channels);
        scratch = CpuTensor.Pointer(b.Scratch);
        scratchPerWorker = ScratchPerWorker(window);
        forwardColumns = ColumnsOf(x.IsDense && y.IsDense);
        if (b.InputGradients[0] is { } gradient)
        {
            (dx, dy) = (new CpuTensor(gradient), new CpuTensor(b.OutputGradient!));
            backwardColumns = ColumnsOf(x.IsDense && dx.IsDense && dy.IsDense);
        }
        (forward, backward) = (ForwardGroup, BackwardGroup);
    }

    public static KernelOffer? Offer(KernelRequest r, Threads threads)
    {
        if (r.Layer is not Lrn layer) return null;
        LayoutKind kind = CpuTensor.Arriving(r);
        Window window = WindowOf(layer, kind == LayoutKind.Blocked ? Lane.Count : 1, r.Output.Channels);
        return new("cpu.lrn", [new Layout(kind)], kind, BackwardReads.Inputs, b => new CpuLrn(b, layer, threads))
        {
            Scratch = ScratchPerWorker(window) * threads.Count,
        };
    }

    public override void Forward(Phase phase) => threads.For(x.Samples * forwardColumns.Rows * forwardColumns.Groups, forward);

    public override void Backward() => threads.For(x.Samples * backwardColumns.Rows * backwardColumns.Groups, backward);

    private static Window WindowOf(Lrn layer, int lanes, int channels)
    {
        bool blocked = lanes == Lane.Count;
        int half = layer.Size / 2, step = blocked ? 1 : Lane.Count;
        int vectors = blocked ? (channels + Lane.Count - 1) / Lane.Count : channels;
        int pad = (half * step + Lane.Count - 1) / Lane.Count * Lane.Count;
        Vector512<float> last = blocked ? Lane.LastBlock(channels) : Vector512<float>.AllBitsSet;
        return new Window(half, step, vectors, pad, layer.Alpha / layer.Size, layer.K, layer.Beta, last);
    }

    private static int ColumnsPerGroup(Window w) => Math.Clamp(WorkspaceSize / w.Stride, 1, 64);

    // Squares, products and terms.
    private static long ScratchPerWorker(Window w) => 3L * w.Stride * ColumnsPerGroup(w);

    private Columns ColumnsOf(bool dense)
    {
        int rows = dense ? 1 : x.Height, length = dense ? x.Height * x.RowLength : x.RowLength, perGroup = ColumnsPerGroup(window);
        return new Columns(rows, length, perGroup, (length + perGroup * Lane.Count - 1) / (perGroup * Lane.Count));
    }

    private void ForwardGroup(int worker, int task)
    {
        Columns c = forwardColumns;
        int group = task % c.Groups, row = task / c.Groups % c.Rows, sample = task / c.Groups / c.Rows;
        long plane = (long)sample * x.Planes;
        int first = group * c.PerGroup * Lane.Count, length = Math.Min(c.PerGroup * Lane.Count, c.RowLength - first);
        int whole = length / Lane.Count * Lane.Count;
        float* from = x.Row(plane, row) + first, to = y.Row(plane, row) + first, workspace = scratch + worker * scratchPerWorker;
        if (Permutes(window)) ForwardPermuted(window, from, x.PlaneStride, to, y.PlaneStride, whole);
        else Forward<N0>(window, from, x.PlaneStride, to, y.PlaneStride, whole, workspace);
        if (whole < length) Forward<N1>(window, from + whole, x.PlaneStride, to + whole, y.PlaneStride, length - whole, workspace);
        for (int i = 0; group == 0 && i < y.Planes; i++) y.ClearBorder(plane + i, row);
    }

    private void BackwardGroup(int worker, int task)
    {
        Columns c = backwardColumns;
        int group = task % c.Groups, row = task / c.Groups % c.Rows, sample = task / c.Groups / c.Rows;
        long plane = (long)sample * x.Planes;
        int first = group * c.PerGroup * Lane.Count, length = Math.Min(c.PerGroup * Lane.Count, c.RowLength - first);
        for (int i = 0; group == 0 && !accumulate && i < dx.Planes; i++) dx.ClearBorder(plane + i, row);
        int whole = length / Lane.Count * Lane.Count;
        float* from = x.Row(plane, row) + first, g = dy.Row(plane, row) + first, to = dx.Row(plane, row) + first;
        float* workspace = scratch + worker * scratchPerWorker;
        if (Permutes(window)) BackwardPermuted(window, from, x.PlaneStride, g, dy.PlaneStride, to, dx.PlaneStride, whole, accumulate);
        else Backward<N0>(window, from, x.PlaneStride, g, dy.PlaneStride, to, dx.PlaneStride, whole, workspace, accumulate);
        if (whole == length) return;
        Backward<N1>(window, from + whole, x.PlaneStride, g + whole, dy.PlaneStride, to + whole, dx.PlaneStride, length - whole, workspace, accumulate);
    }

    // length: floats of a row's part; every sixteen are a vector of one column. With TTail the last vector is cut off.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Forward<TTail>(in Window w, float* x, long xStride, float* y, long yStride, int length, float* workspace)
        where TTail : IConstant
    {
        float* squares = workspace + w.Pad;
        int stride = w.Stride, half = w.Half, step = w.Step, vectors = w.Vectors;
        float beta = w.Beta;
        ClearPads(w, squares, length);
        for (int v = 0; v < vectors; v++)
        {
            float* column = squares + v * Lane.Count;
            for (int i = 0; i < length; i += Lane.Count, column += stride)
            {
                Vector512<float> value = Lane.Load<TTail>(x + v * xStride + i, length - i);
                (value * value).Store(column);
            }
        }
        Vector512<float> scale = Vector512.Create(w.Scale), k = Vector512.Create(w.K);
        for (int v = 0; v < vectors; v++)
        {
            float* column = squares + v * Lane.Count;
            Vector512<float> mask = v == vectors - 1 ? w.LastBlock : Vector512<float>.AllBitsSet;
            for (int i = 0; i < length; i += Lane.Count, column += stride)
            {
                Vector512<float> value = Lane.Load<TTail>(x + v * xStride + i, length - i);
                Vector512<float> t = k + scale * Sum(half, step, column);
                Lane.Store<TTail>(value * Power(t, beta, out _) & mask, y + v * yStride + i, length - i);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Backward<TTail>(
        in Window w, float* x, long xStride, float* dy, long dyStride, float* dx, long dxStride, int length, float* workspace, bool add)
        where TTail : IConstant
    {
        int stride = w.Stride, half = w.Half, step = w.Step, vectors = w.Vectors, size = (length + Lane.Count - 1) / Lane.Count * stride;
        float beta = w.Beta;
        float* squares = workspace + w.Pad, terms = squares + size, products = terms + size;
        ClearPads(w, squares, length);
        ClearPads(w, terms, length);
        for (int v = 0; v < vectors; v++)
        {
            float* column = squares + v * Lane.Count;
            for (int i = 0; i < length; i += Lane.Count, column += stride)
            {
                Vector512<float> value = Lane.Load<TTail>(x + v * xStride + i, length - i);
                (value * value).Store(column);
            }
        }
        // terms: dy · x · t^(−β−1); products: dy · t^−β
        Vector512<float> scale = Vector512.Create(w.Scale), k = Vector512.Create(w.K);
        for (int v = 0; v < vectors; v++)
        {
            long at = v * Lane.Count;
            Vector512<float> mask = v == vectors - 1 ? w.LastBlock : Vector512<float>.AllBitsSet;
            for (int i = 0; i < length; i += Lane.Count, at += stride)
            {
                Vector512<float> g = Lane.Load<TTail>(dy + v * dyStride + i, length - i);
                Vector512<float> t = k + scale * Sum(half, step, squares + at);
                Vector512<float> product = g * Power(t, beta, out Vector512<float> inverse) & mask;
                product.Store(products + at);
                (product * Lane.Load<TTail>(x + v * xStride + i, length - i) * inverse & mask).Store(terms + at);
            }
        }
        Vector512<float> factor = Vector512.Create(2 * w.Scale * beta);
        for (int v = 0; v < vectors; v++)
        {
            long at = v * Lane.Count;
            for (int i = 0; i < length; i += Lane.Count, at += stride)
            {
                float* to = dx + v * dxStride + i;
                Vector512<float> value = Lane.Load<TTail>(x + v * xStride + i, length - i);
                Vector512<float> g = Vector512.Load(products + at) - factor * value * Sum(half, step, terms + at);
                if (add) g += Lane.Load<TTail>(to, length - i);
                Lane.Store<TTail>(g, to, length - i);
            }
        }
    }

    private static void ClearPads(in Window w, float* columns, int length)
    {
        for (int i = 0; i < length; i += Lane.Count, columns += w.Stride)
        {
            for (int j = 0; j < w.Pad; j += Lane.Count)
            {
                Vector512<float>.Zero.Store(columns - w.Pad + j);
                Vector512<float>.Zero.Store(columns + w.Vectors * Lane.Count + j);
            }
        }
    }

    // Σ over the window around each lane's channel
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Sum(int half, int step, float* at)
    {
        if (half == 2)
        {
            return Vector512.Load(at) + (Vector512.Load(at - step) + Vector512.Load(at + step))
                + (Vector512.Load(at - 2 * step) + Vector512.Load(at + 2 * step));
        }
        Vector512<float> sum = Vector512.Load(at);
        for (int j = 1; j <= half; j++) sum += Vector512.Load(at - j * step) + Vector512.Load(at + j * step);
        return sum;
    }

    /// <summary>t^−β, and 1 / t. For β = ¾ by square roots alone: with r = t^−½, t^−¾ = r · √r and 1 / t = r².</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<float> Power(Vector512<float> t, float beta, out Vector512<float> inverse)
    {
        if (beta == 0.75f)
        {
            Vector512<float> root = InverseRoot(t);
            inverse = root * root;
            return root * (root * InverseRoot(root));
        }
        inverse = Vector512<float>.One / t;
        return Vector512.Exp(Vector512.Log(t) * -beta);
    }

    // A division and a root of sixteen lanes take some twenty cycles; an estimate of 14 bits and a step of Newton's method, six.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> InverseRoot(Vector512<float> t)
    {
        if (!Avx512F.IsSupported) return Vector512<float>.One / Vector512.Sqrt(t);
        Vector512<float> r = Avx512F.ReciprocalSqrt14(t);
        return Vector512.MultiplyAddEstimate(r * Vector512.Create(0.5f), Vector512.MultiplyAddEstimate(-(t * r), r, Vector512<float>.One), r);
    }
}

using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using EvenNet.Framework;

namespace EvenNet.Kernels.Cpu;

/// <summary>
/// The window's largest value. Backward finds the first position in row order that equals it, so nothing is saved; positions of equal value
/// behind it get nothing. Whole windows of 3×3 and 2×2 have loops of their own (CpuMaxPooling.Blocked.cs); what remains, at the image's
/// edges and of other sizes, is here.
/// </summary>
internal sealed unsafe partial class CpuMaxPooling : CpuPooling
{
    // Columns wholeFrom … wholeTo − 1 of the output have windows that the image does not cut.
    private readonly int wholeFrom, wholeTo;
    private readonly bool isThreeWide, isTwoByTwo;

    public CpuMaxPooling(Bindings b, Pooling layer, Threads threads) : base(b, layer, threads)
    {
        (int wide, int step) = (layer.Kernel.Width, layer.Stride.Width);
        bool IsWhole(Window c) => c.End - c.First == wide;
        wholeFrom = Math.Max(0, Array.FindIndex(Columns, IsWhole));
        wholeTo = Array.FindLastIndex(Columns, IsWhole) + 1;
        isThreeWide = Y.Lanes > 1 && wide == 3 && layer.Kernel.Height <= 3 && step is 1 or 2;
        isTwoByTwo = Y.Lanes > 1 && layer.Kernel is { Height: 2, Width: 2 } && layer.Stride is { Height: 2, Width: 2 };
    }

    protected override void ForwardPlane(int worker, int plane)
    {
        for (int p = 0; p < Y.Height; p++) ForwardRow(X.Row(plane, Rows[p].First), Y.Row(plane, p), Rows[p].End - Rows[p].First);
        Y.ClearBorder(plane);
    }

    protected override void BackwardPlane(int worker, int plane)
    {
        // Windows that tile the whole plane write every position once; others add to zeros.
        bool tiles = isTwoByTwo && !Accumulate && X.Width == 2 * Y.Width && X.Height == 2 * Y.Height && wholeTo - wholeFrom == Y.Width;
        int cleared = 0;
        for (int p = 0; p < Y.Height; p++)
        {
            (int first, int end) = (Rows[p].First, Rows[p].End);
            if (!tiles) cleared = ClearRows(plane, cleared, end);
            BackwardRow(X.Row(plane, first), Y.Row(plane, p), Dy.Row(plane, p), Dx.Row(plane, first), end - first, tiles);
        }
        if (!tiles) ClearRows(plane, cleared, X.Height);
        if (!Accumulate) Dx.ClearBorder(plane);
    }

    // height: rows of the window in the image.
    private void ForwardRow(float* x, float* y, int height)
    {
        if (Y.Lanes == 1)
        {
            PlainRow(x, y, height);
            return;
        }
        int from = 0, to = 0;
        if (isThreeWide || (isTwoByTwo && height == 2))
        {
            (from, to) = (wholeFrom, wholeTo);
            float* window = x + Columns[from].First * Lane.Count, target = y + from * Lane.Count;
            // The largest does not mind a row that is read twice: windows cut above or below need no loop of their own.
            float* second = window + (height > 1 ? X.RowStride : 0), third = window + (height - 1) * X.RowStride;
            if (isTwoByTwo) TwoByTwo(window, second, target, to - from);
            else if (Layer.Stride.Width == 2) ThreeWideStepTwo(window, second, third, target, to - from);
            else ThreeWideStepOne(window, second, third, target, to - from);
        }
        AnyColumns(x, y, height, 0, from);
        AnyColumns(x, y, height, to, Y.Width);
    }

    private void BackwardRow(float* x, float* y, float* dy, float* dx, int height, bool tiles)
    {
        if (Y.Lanes == 1)
        {
            PlainGradient(x, y, dy, dx, height);
            return;
        }
        int from = 0, to = 0;
        if ((isThreeWide && height == 3) || (isTwoByTwo && height == 2))
        {
            (from, to) = (wholeFrom, wholeTo);
            int at = Columns[from].First * Lane.Count, q = from * Lane.Count;
            if (isTwoByTwo) TwoByTwoGradient(x + at, y + q, dy + q, dx + at, to - from, add: !tiles);
            else if (Layer.Stride.Width == 2) ThreeByThreeStepTwoGradient(x + at, y + q, dy + q, dx + at, to - from);
            else ThreeByThreeStepOneGradient(x + at, y + q, dy + q, dx + at, to - from);
        }
        AnyGradient(x, y, dy, dx, height, 0, from);
        AnyGradient(x, y, dy, dx, height, to, Y.Width);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void AnyColumns(float* x, float* y, int height, int from, int to)
    {
        long stride = X.RowStride;
        for (int q = from; q < to; q++)
        {
            float* row = x + Columns[q].First * Lane.Count;
            int length = (Columns[q].End - Columns[q].First) * Lane.Count;
            Vector512<float> largest = Vector512.Load(row);
            for (int r = 0; r < height; r++, row += stride)
                for (int i = 0; i < length; i += Lane.Count) largest = Vector512.MaxNative(largest, Vector512.Load(row + i));
            largest.Store(y + q * Lane.Count);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void AnyGradient(float* x, float* y, float* dy, float* dx, int height, int from, int to)
    {
        long stride = X.RowStride, dxStride = Dx.RowStride;
        for (int q = from; q < to; q++)
        {
            Vector512<float> largest = Vector512.Load(y + q * Lane.Count), g = Vector512.Load(dy + q * Lane.Count);
            float* row = x + Columns[q].First * Lane.Count, target = dx + Columns[q].First * Lane.Count;
            int length = (Columns[q].End - Columns[q].First) * Lane.Count;
            for (int r = 0; r < height; r++, row += stride, target += dxStride)
                for (int i = 0; i < length; i += Lane.Count) Give(ref g, largest, Vector512.Load(row + i), Vector512.Load(target + i)).Store(target + i);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void PlainRow(float* x, float* y, int height)
    {
        foreach (Window columns in Columns)
        {
            float largest = x[columns.First];
            float* row = x;
            for (int r = 0; r < height; r++, row += X.RowStride)
                for (int w = columns.First; w < columns.End; w++) largest = Math.Max(largest, row[w]);
            *y++ = largest;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void PlainGradient(float* x, float* y, float* dy, float* dx, int height)
    {
        foreach (Window columns in Columns)
        {
            float largest = *y++, g = *dy++;
            for (int i = 0; i < height * (columns.End - columns.First); i++)
            {
                int r = i / (columns.End - columns.First), w = columns.First + i % (columns.End - columns.First);
                if (x[r * X.RowStride + w] != largest) continue;
                dx[r * Dx.RowStride + w] += g;
                break;
            }
        }
    }
}

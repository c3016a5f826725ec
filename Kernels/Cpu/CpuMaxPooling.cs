using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using EvenNet.Framework;

namespace EvenNet.Kernels.Cpu;

/// <summary>
/// The window's largest value. Backward finds the first position in row order that equals it, so nothing is saved; positions of equal value
/// behind it get nothing.
/// </summary>
internal sealed unsafe class CpuMaxPooling(Bindings b, Pooling layer, Threads threads) : CpuPooling(b, layer, threads)
{
    protected override void ForwardPlane(int worker, int plane)
    {
        for (int p = 0; p < Y.Height; p++)
        {
            float* x = X.Row(plane, Rows[p].First), y = Y.Row(plane, p);
            int height = Rows[p].End - Rows[p].First;
            if (Y.Lanes == 1) PlainRow(x, y, height);
            else BlockedRow(x, y, height);
        }
        Y.ClearBorder(plane);
    }

    protected override void BackwardPlane(int worker, int plane)
    {
        int cleared = 0;
        for (int p = 0; p < Y.Height; p++)
        {
            int first = Rows[p].First, height = Rows[p].End - first;
            cleared = ClearRows(plane, cleared, first + height);
            float* x = X.Row(plane, first), y = Y.Row(plane, p), dy = Dy.Row(plane, p), dx = Dx.Row(plane, first);
            if (Y.Lanes == 1) PlainGradient(x, y, dy, dx, height);
            else BlockedGradient(x, y, dy, dx, height);
        }
        ClearRows(plane, cleared, X.Height);
        if (!Accumulate) Dx.ClearBorder(plane);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void BlockedRow(float* x, float* y, int height)
    {
        long stride = X.RowStride;
        foreach (Window columns in Columns)
        {
            float* row = x + columns.First * Lane.Count;
            int length = (columns.End - columns.First) * Lane.Count;
            Vector512<float> largest = Vector512.Load(row);
            for (int r = 0; r < height; r++, row += stride)
                for (int i = 0; i < length; i += Lane.Count) largest = Vector512.Max(largest, Vector512.Load(row + i));
            largest.Store(y);
            y += Lane.Count;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void BlockedGradient(float* x, float* y, float* dy, float* dx, int height)
    {
        long stride = X.RowStride, dxStride = Dx.RowStride;
        foreach (Window columns in Columns)
        {
            Vector512<float> largest = Vector512.Load(y), g = Vector512.Load(dy);
            float* row = x + columns.First * Lane.Count, to = dx + columns.First * Lane.Count;
            int length = (columns.End - columns.First) * Lane.Count;
            for (int r = 0; r < height; r++, row += stride, to += dxStride)
            {
                for (int i = 0; i < length; i += Lane.Count)
                {
                    Vector512<float> hit = Vector512.Equals(Vector512.Load(row + i), largest);
                    (Vector512.Load(to + i) + (g & hit)).Store(to + i);
                    g = Vector512.AndNot(g, hit);
                }
            }
            y += Lane.Count;
            dy += Lane.Count;
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

using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using EvenNet.Framework;

namespace EvenNet.Kernels.Cpu;

/// <summary>The window's sum, divided by its area with padding counted; backward adds the same share of the gradient to every position.</summary>
internal sealed unsafe class CpuAveragePooling(Bindings b, Pooling layer, Threads threads) : CpuPooling(b, layer, threads)
{
    protected override void ForwardPlane(int worker, int plane)
    {
        for (int p = 0; p < Y.Height; p++)
        {
            Window rows = Rows[p];
            if (Y.Lanes == 1) PlainRow(X.Row(plane, rows.First), Y.Row(plane, p), rows);
            else BlockedRow(X.Row(plane, rows.First), Y.Row(plane, p), rows);
        }
        Y.ClearBorder(plane);
    }

    protected override void BackwardPlane(int worker, int plane)
    {
        int cleared = 0;
        for (int p = 0; p < Y.Height; p++)
        {
            Window rows = Rows[p];
            cleared = ClearRows(plane, cleared, rows.End);
            if (Y.Lanes == 1) PlainGradient(Dy.Row(plane, p), Dx.Row(plane, rows.First), rows);
            else BlockedGradient(Dy.Row(plane, p), Dx.Row(plane, rows.First), rows);
        }
        ClearRows(plane, cleared, X.Height);
        if (!Accumulate) Dx.ClearBorder(plane);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void BlockedRow(float* x, float* y, Window rows)
    {
        long stride = X.RowStride;
        int height = rows.End - rows.First;
        foreach (Window columns in Columns)
        {
            Vector512<float> sum = Vector512<float>.Zero;
            float* row = x + columns.First * Lane.Count;
            int length = (columns.End - columns.First) * Lane.Count;
            for (int r = 0; r < height; r++, row += stride)
                for (int i = 0; i < length; i += Lane.Count) sum += Vector512.Load(row + i);
            (sum / (rows.Length * columns.Length)).Store(y);
            y += Lane.Count;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void BlockedGradient(float* dy, float* dx, Window rows)
    {
        long stride = Dx.RowStride;
        int height = rows.End - rows.First;
        foreach (Window columns in Columns)
        {
            Vector512<float> share = Vector512.Load(dy) / (rows.Length * columns.Length);
            float* row = dx + columns.First * Lane.Count;
            int length = (columns.End - columns.First) * Lane.Count;
            for (int r = 0; r < height; r++, row += stride)
                for (int i = 0; i < length; i += Lane.Count) (Vector512.Load(row + i) + share).Store(row + i);
            dy += Lane.Count;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void PlainRow(float* x, float* y, Window rows)
    {
        foreach (Window columns in Columns)
        {
            float sum = 0;
            float* row = x;
            for (int r = rows.First; r < rows.End; r++, row += X.RowStride)
                for (int w = columns.First; w < columns.End; w++) sum += row[w];
            *y++ = sum / (rows.Length * columns.Length);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void PlainGradient(float* dy, float* dx, Window rows)
    {
        foreach (Window columns in Columns)
        {
            float share = *dy++ / (rows.Length * columns.Length);
            float* row = dx;
            for (int r = rows.First; r < rows.End; r++, row += Dx.RowStride)
                for (int w = columns.First; w < columns.End; w++) row[w] += share;
        }
    }
}

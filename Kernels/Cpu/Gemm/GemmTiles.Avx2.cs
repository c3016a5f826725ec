using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace EvenNet.Kernels.Cpu;

/// <summary>Tiles in 16 registers of 256 bits: 6 × 16 packed, six rows against two samples in place.</summary>
internal sealed unsafe class GemmTilesAvx2 : GemmTiles
{
    public override int Lanes => 8;
    public override int Rows => 6;
    public override int Columns => 16;
    public override int Samples => 2;

    public override void Multiply(
        int rows, nint depth, float* a, float* b, float* c, nint cRow, float scale, bool accumulate, float* ahead, nint aheadRow)
    {
        switch (rows)
        {
            case 1: Multiply<N1>(depth, a, b, c, cRow, scale, accumulate, ahead, aheadRow); break;
            case 2: Multiply<N2>(depth, a, b, c, cRow, scale, accumulate, ahead, aheadRow); break;
            case 3: Multiply<N3>(depth, a, b, c, cRow, scale, accumulate, ahead, aheadRow); break;
            case 4: Multiply<N4>(depth, a, b, c, cRow, scale, accumulate, ahead, aheadRow); break;
            case 5: Multiply<N5>(depth, a, b, c, cRow, scale, accumulate, ahead, aheadRow); break;
            default: Multiply<N6>(depth, a, b, c, cRow, scale, accumulate, ahead, aheadRow); break;
        }
    }

    public override void Dots(
        int samples, int streams, nint depth, float* a, nint aRow, float* b, nint bRow, float* ahead, nint aheadRow, float* sums)
    {
        switch (samples)
        {
            case 1: Dots<N1>(streams, depth, a, aRow, b, bRow, ahead, aheadRow, sums); break;
            default: Dots<N2>(streams, depth, a, aRow, b, bRow, ahead, aheadRow, sums); break;
        }
    }

    public override void Combine(
        int samples, nint columns, float* factors, float** rows, float* ahead, nint aheadRow, float* c, nint cRow)
    {
        switch (samples)
        {
            case 1: Combine<N1>(columns, factors, rows, ahead, aheadRow, c, cRow); break;
            default: Combine<N2>(columns, factors, rows, ahead, aheadRow, c, cRow); break;
        }
    }

    // 12 sums, two vectors of b and a broadcast of a.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Multiply<TRows>(
        nint depth, float* a, float* b, float* c, nint cRow, float scale, bool accumulate, float* ahead, nint aheadRow) where TRows : struct, IConstant
    {
        Vector256<float> s0 = default, s1 = default, s2 = default, s3 = default, s4 = default, s5 = default;
        Vector256<float> t0 = default, t1 = default, t2 = default, t3 = default, t4 = default, t5 = default;
        for (; depth > 0; depth--, a += TRows.Value, b += 16, ahead += aheadRow)
        {
            FetchRow(ahead, 16);
            Vector256<float> left = Vector256.Load(b), right = Vector256.Load(b + 8), x;
            { x = Vector256.Create(a[0]); s0 = Vector256.MultiplyAddEstimate(x, left, s0); t0 = Vector256.MultiplyAddEstimate(x, right, t0); }
            if (TRows.Value > 1) { x = Vector256.Create(a[1]); s1 = Vector256.MultiplyAddEstimate(x, left, s1); t1 = Vector256.MultiplyAddEstimate(x, right, t1); }
            if (TRows.Value > 2) { x = Vector256.Create(a[2]); s2 = Vector256.MultiplyAddEstimate(x, left, s2); t2 = Vector256.MultiplyAddEstimate(x, right, t2); }
            if (TRows.Value > 3) { x = Vector256.Create(a[3]); s3 = Vector256.MultiplyAddEstimate(x, left, s3); t3 = Vector256.MultiplyAddEstimate(x, right, t3); }
            if (TRows.Value > 4) { x = Vector256.Create(a[4]); s4 = Vector256.MultiplyAddEstimate(x, left, s4); t4 = Vector256.MultiplyAddEstimate(x, right, t4); }
            if (TRows.Value > 5) { x = Vector256.Create(a[5]); s5 = Vector256.MultiplyAddEstimate(x, left, s5); t5 = Vector256.MultiplyAddEstimate(x, right, t5); }
        }

        Vector256<float> factor = Vector256.Create(scale);
        Put(c, s0, t0, factor, accumulate);
        if (TRows.Value > 1) Put(c + cRow, s1, t1, factor, accumulate);
        if (TRows.Value > 2) Put(c + 2 * cRow, s2, t2, factor, accumulate);
        if (TRows.Value > 3) Put(c + 3 * cRow, s3, t3, factor, accumulate);
        if (TRows.Value > 4) Put(c + 4 * cRow, s4, t4, factor, accumulate);
        if (TRows.Value > 5) Put(c + 5 * cRow, s5, t5, factor, accumulate);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Put(float* c, Vector256<float> left, Vector256<float> right, Vector256<float> factor, bool accumulate)
    {
        if (accumulate)
        {
            Vector256.MultiplyAddEstimate(left, factor, Vector256.Load(c)).Store(c);
            Vector256.MultiplyAddEstimate(right, factor, Vector256.Load(c + 8)).Store(c + 8);
        }
        else
        {
            (left * factor).Store(c);
            (right * factor).Store(c + 8);
        }
    }

    // 12 sums, two vectors of a and one of b. Missing rows of b repeat the last one; their sums are not used.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Dots<TSamples>(
        int streams, nint depth, float* a, nint aRow, float* b, nint bRow, float* ahead, nint aheadRow, float* sums) where TSamples : struct, IConstant
    {
        float* a0 = a, a1 = a + aRow;
        float* b0 = b, b1 = b + Math.Min(1, streams - 1) * bRow, b2 = b + Math.Min(2, streams - 1) * bRow;
        float* b3 = b + Math.Min(3, streams - 1) * bRow, b4 = b + Math.Min(4, streams - 1) * bRow, b5 = b + Math.Min(5, streams - 1) * bRow;
        Vector256<float> u0 = default, u1 = default, u2 = default, u3 = default, u4 = default, u5 = default;
        Vector256<float> v0 = default, v1 = default, v2 = default, v3 = default, v4 = default, v5 = default;
        for (nint k = 0; k <= depth - 8; k += 8)
        {
            Fetch(ahead + k, aheadRow);
            Vector256<float> x0 = Vector256.Load(a0 + k), x1 = TSamples.Value > 1 ? Vector256.Load(a1 + k) : x0, y;
            y = Vector256.Load(b0 + k); u0 = Vector256.MultiplyAddEstimate(x0, y, u0); if (TSamples.Value > 1) v0 = Vector256.MultiplyAddEstimate(x1, y, v0);
            y = Vector256.Load(b1 + k); u1 = Vector256.MultiplyAddEstimate(x0, y, u1); if (TSamples.Value > 1) v1 = Vector256.MultiplyAddEstimate(x1, y, v1);
            y = Vector256.Load(b2 + k); u2 = Vector256.MultiplyAddEstimate(x0, y, u2); if (TSamples.Value > 1) v2 = Vector256.MultiplyAddEstimate(x1, y, v2);
            y = Vector256.Load(b3 + k); u3 = Vector256.MultiplyAddEstimate(x0, y, u3); if (TSamples.Value > 1) v3 = Vector256.MultiplyAddEstimate(x1, y, v3);
            y = Vector256.Load(b4 + k); u4 = Vector256.MultiplyAddEstimate(x0, y, u4); if (TSamples.Value > 1) v4 = Vector256.MultiplyAddEstimate(x1, y, v4);
            y = Vector256.Load(b5 + k); u5 = Vector256.MultiplyAddEstimate(x0, y, u5); if (TSamples.Value > 1) v5 = Vector256.MultiplyAddEstimate(x1, y, v5);
        }

        Put(sums, u0, u1, u2, u3, u4, u5);
        if (TSamples.Value > 1) Put(sums + Streams, v0, v1, v2, v3, v4, v5);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Put(
        float* sums, Vector256<float> u0, Vector256<float> u1, Vector256<float> u2, Vector256<float> u3, Vector256<float> u4, Vector256<float> u5)
    {
        sums[0] = Vector256.Sum(u0); sums[1] = Vector256.Sum(u1); sums[2] = Vector256.Sum(u2);
        sums[3] = Vector256.Sum(u3); sums[4] = Vector256.Sum(u4); sums[5] = Vector256.Sum(u5);
    }

    // 12 broadcast factors, a vector of a row and two of c.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Combine<TSamples>(
        nint columns, float* factors, float** rows, float* ahead, nint aheadRow, float* c, nint cRow) where TSamples : struct, IConstant
    {
        float* b0 = rows[0], b1 = rows[1], b2 = rows[2], b3 = rows[3], b4 = rows[4], b5 = rows[5];
        float* c0 = c, c1 = c + cRow;
        Vector256<float> u0 = Vector256.Create(factors[0]), u1 = Vector256.Create(factors[1]), u2 = Vector256.Create(factors[2]);
        Vector256<float> u3 = Vector256.Create(factors[3]), u4 = Vector256.Create(factors[4]), u5 = Vector256.Create(factors[5]);
        Vector256<float> v0 = Vector256.Create(factors[6]), v1 = Vector256.Create(factors[7]), v2 = Vector256.Create(factors[8]);
        Vector256<float> v3 = Vector256.Create(factors[9]), v4 = Vector256.Create(factors[10]), v5 = Vector256.Create(factors[11]);
        for (nint j = 0; j <= columns - 8; j += 8)
        {
            Fetch(ahead + j, aheadRow);
            Vector256<float> x0 = Vector256.Load(c0 + j), x1 = TSamples.Value > 1 ? Vector256.Load(c1 + j) : x0, y;
            y = Vector256.Load(b0 + j); x0 = Vector256.MultiplyAddEstimate(u0, y, x0); if (TSamples.Value > 1) x1 = Vector256.MultiplyAddEstimate(v0, y, x1);
            y = Vector256.Load(b1 + j); x0 = Vector256.MultiplyAddEstimate(u1, y, x0); if (TSamples.Value > 1) x1 = Vector256.MultiplyAddEstimate(v1, y, x1);
            y = Vector256.Load(b2 + j); x0 = Vector256.MultiplyAddEstimate(u2, y, x0); if (TSamples.Value > 1) x1 = Vector256.MultiplyAddEstimate(v2, y, x1);
            y = Vector256.Load(b3 + j); x0 = Vector256.MultiplyAddEstimate(u3, y, x0); if (TSamples.Value > 1) x1 = Vector256.MultiplyAddEstimate(v3, y, x1);
            y = Vector256.Load(b4 + j); x0 = Vector256.MultiplyAddEstimate(u4, y, x0); if (TSamples.Value > 1) x1 = Vector256.MultiplyAddEstimate(v4, y, x1);
            y = Vector256.Load(b5 + j); x0 = Vector256.MultiplyAddEstimate(u5, y, x0); if (TSamples.Value > 1) x1 = Vector256.MultiplyAddEstimate(v5, y, x1);
            x0.Store(c0 + j);
            if (TSamples.Value > 1) x1.Store(c1 + j);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Transpose(float* source, nint row, int filled, int width, nint depth, float* panel)
    {
        nint k = 0;
        for (; k <= depth - 4; k += 4)
        {
            // A store runs over the first floats of the next step when the panel is narrower; that step's store follows.
            for (int i = 0; i < width; i += 8) Transpose4(source + i * row + k, row, filled - i, panel + k * width + i, width);
        }
        TransposeRest(source + k, row, filled, width, depth - k, panel + k * width);
    }

    // 8 rows × 4 steps: rows r and r + 4 share a vector, so that a 4 × 4 transposition in both lanes ends it.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Transpose4(float* source, nint row, int filled, float* panel, nint width)
    {
        Vector256<float> r0 = Gather(source, row, filled), r1 = Gather(source + row, row, filled - 1);
        Vector256<float> r2 = Gather(source + 2 * row, row, filled - 2), r3 = Gather(source + 3 * row, row, filled - 3);
        Vector256<double> low01 = Avx.UnpackLow(r0, r1).AsDouble(), high01 = Avx.UnpackHigh(r0, r1).AsDouble();
        Vector256<double> low23 = Avx.UnpackLow(r2, r3).AsDouble(), high23 = Avx.UnpackHigh(r2, r3).AsDouble();
        Avx.UnpackLow(low01, low23).AsSingle().Store(panel);
        Avx.UnpackHigh(low01, low23).AsSingle().Store(panel + width);
        Avx.UnpackLow(high01, high23).AsSingle().Store(panel + 2 * width);
        Avx.UnpackHigh(high01, high23).AsSingle().Store(panel + 3 * width);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Gather(float* source, nint row, int filled)
    {
        Vector128<float> none = default;
        return Vector256.Create(filled > 0 ? Vector128.Load(source) : none, filled > 4 ? Vector128.Load(source + 4 * row) : none);
    }
}

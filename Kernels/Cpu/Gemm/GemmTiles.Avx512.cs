using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace EvenNet.Kernels.Cpu;

/// <summary>Tiles in 32 registers of 512 bits: 14 × 32 packed, six rows against four samples in place.</summary>
internal sealed unsafe class GemmTilesAvx512 : GemmTiles
{
    public override int Lanes => 16;
    public override int Rows => 14;
    public override int Columns => 32;
    public override int Samples => 4;

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
            case 6: Multiply<N6>(depth, a, b, c, cRow, scale, accumulate, ahead, aheadRow); break;
            case 7: Multiply<N7>(depth, a, b, c, cRow, scale, accumulate, ahead, aheadRow); break;
            case 8: Multiply<N8>(depth, a, b, c, cRow, scale, accumulate, ahead, aheadRow); break;
            case 9: Multiply<N9>(depth, a, b, c, cRow, scale, accumulate, ahead, aheadRow); break;
            case 10: Multiply<N10>(depth, a, b, c, cRow, scale, accumulate, ahead, aheadRow); break;
            case 11: Multiply<N11>(depth, a, b, c, cRow, scale, accumulate, ahead, aheadRow); break;
            case 12: Multiply<N12>(depth, a, b, c, cRow, scale, accumulate, ahead, aheadRow); break;
            case 13: Multiply<N13>(depth, a, b, c, cRow, scale, accumulate, ahead, aheadRow); break;
            default: Multiply<N14>(depth, a, b, c, cRow, scale, accumulate, ahead, aheadRow); break;
        }
    }

    public override void Dots(
        int samples, int streams, nint depth, float* a, nint aRow, float* b, nint bRow, float* ahead, nint aheadRow, float* sums)
    {
        switch (samples)
        {
            case 1: Dots<N1>(streams, depth, a, aRow, b, bRow, ahead, aheadRow, sums); break;
            case 2: Dots<N2>(streams, depth, a, aRow, b, bRow, ahead, aheadRow, sums); break;
            case 3: Dots<N3>(streams, depth, a, aRow, b, bRow, ahead, aheadRow, sums); break;
            default: Dots<N4>(streams, depth, a, aRow, b, bRow, ahead, aheadRow, sums); break;
        }
    }

    public override void Combine(
        int samples, nint columns, float* factors, float** rows, float* ahead, nint aheadRow, float* c, nint cRow)
    {
        switch (samples)
        {
            case 1: Combine<N1>(columns, factors, rows, ahead, aheadRow, c, cRow); break;
            case 2: Combine<N2>(columns, factors, rows, ahead, aheadRow, c, cRow); break;
            case 3: Combine<N3>(columns, factors, rows, ahead, aheadRow, c, cRow); break;
            default: Combine<N4>(columns, factors, rows, ahead, aheadRow, c, cRow); break;
        }
    }

    // 28 sums, two vectors of b and a broadcast of a.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Multiply<TRows>(
        nint depth, float* a, float* b, float* c, nint cRow, float scale, bool accumulate, float* ahead, nint aheadRow) where TRows : struct, IConstant
    {
        Vector512<float> s0 = default, s1 = default, s2 = default, s3 = default, s4 = default, s5 = default, s6 = default;
        Vector512<float> s7 = default, s8 = default, s9 = default, s10 = default, s11 = default, s12 = default, s13 = default;
        Vector512<float> t0 = default, t1 = default, t2 = default, t3 = default, t4 = default, t5 = default, t6 = default;
        Vector512<float> t7 = default, t8 = default, t9 = default, t10 = default, t11 = default, t12 = default, t13 = default;
        for (; depth > 0; depth--, a += TRows.Value, b += 32, ahead += aheadRow)
        {
            FetchRow(ahead, 32);
            Vector512<float> left = Vector512.Load(b), right = Vector512.Load(b + 16), x;
            { x = Vector512.Create(a[0]); s0 = Vector512.MultiplyAddEstimate(x, left, s0); t0 = Vector512.MultiplyAddEstimate(x, right, t0); }
            if (TRows.Value > 1) { x = Vector512.Create(a[1]); s1 = Vector512.MultiplyAddEstimate(x, left, s1); t1 = Vector512.MultiplyAddEstimate(x, right, t1); }
            if (TRows.Value > 2) { x = Vector512.Create(a[2]); s2 = Vector512.MultiplyAddEstimate(x, left, s2); t2 = Vector512.MultiplyAddEstimate(x, right, t2); }
            if (TRows.Value > 3) { x = Vector512.Create(a[3]); s3 = Vector512.MultiplyAddEstimate(x, left, s3); t3 = Vector512.MultiplyAddEstimate(x, right, t3); }
            if (TRows.Value > 4) { x = Vector512.Create(a[4]); s4 = Vector512.MultiplyAddEstimate(x, left, s4); t4 = Vector512.MultiplyAddEstimate(x, right, t4); }
            if (TRows.Value > 5) { x = Vector512.Create(a[5]); s5 = Vector512.MultiplyAddEstimate(x, left, s5); t5 = Vector512.MultiplyAddEstimate(x, right, t5); }
            if (TRows.Value > 6) { x = Vector512.Create(a[6]); s6 = Vector512.MultiplyAddEstimate(x, left, s6); t6 = Vector512.MultiplyAddEstimate(x, right, t6); }
            if (TRows.Value > 7) { x = Vector512.Create(a[7]); s7 = Vector512.MultiplyAddEstimate(x, left, s7); t7 = Vector512.MultiplyAddEstimate(x, right, t7); }
            if (TRows.Value > 8) { x = Vector512.Create(a[8]); s8 = Vector512.MultiplyAddEstimate(x, left, s8); t8 = Vector512.MultiplyAddEstimate(x, right, t8); }
            if (TRows.Value > 9) { x = Vector512.Create(a[9]); s9 = Vector512.MultiplyAddEstimate(x, left, s9); t9 = Vector512.MultiplyAddEstimate(x, right, t9); }
            if (TRows.Value > 10) { x = Vector512.Create(a[10]); s10 = Vector512.MultiplyAddEstimate(x, left, s10); t10 = Vector512.MultiplyAddEstimate(x, right, t10); }
            if (TRows.Value > 11) { x = Vector512.Create(a[11]); s11 = Vector512.MultiplyAddEstimate(x, left, s11); t11 = Vector512.MultiplyAddEstimate(x, right, t11); }
            if (TRows.Value > 12) { x = Vector512.Create(a[12]); s12 = Vector512.MultiplyAddEstimate(x, left, s12); t12 = Vector512.MultiplyAddEstimate(x, right, t12); }
            if (TRows.Value > 13) { x = Vector512.Create(a[13]); s13 = Vector512.MultiplyAddEstimate(x, left, s13); t13 = Vector512.MultiplyAddEstimate(x, right, t13); }
        }

        Vector512<float> factor = Vector512.Create(scale);
        Put(c, s0, t0, factor, accumulate);
        if (TRows.Value > 1) Put(c + cRow, s1, t1, factor, accumulate);
        if (TRows.Value > 2) Put(c + 2 * cRow, s2, t2, factor, accumulate);
        if (TRows.Value > 3) Put(c + 3 * cRow, s3, t3, factor, accumulate);
        if (TRows.Value > 4) Put(c + 4 * cRow, s4, t4, factor, accumulate);
        if (TRows.Value > 5) Put(c + 5 * cRow, s5, t5, factor, accumulate);
        if (TRows.Value > 6) Put(c + 6 * cRow, s6, t6, factor, accumulate);
        if (TRows.Value > 7) Put(c + 7 * cRow, s7, t7, factor, accumulate);
        if (TRows.Value > 8) Put(c + 8 * cRow, s8, t8, factor, accumulate);
        if (TRows.Value > 9) Put(c + 9 * cRow, s9, t9, factor, accumulate);
        if (TRows.Value > 10) Put(c + 10 * cRow, s10, t10, factor, accumulate);
        if (TRows.Value > 11) Put(c + 11 * cRow, s11, t11, factor, accumulate);
        if (TRows.Value > 12) Put(c + 12 * cRow, s12, t12, factor, accumulate);
        if (TRows.Value > 13) Put(c + 13 * cRow, s13, t13, factor, accumulate);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Put(float* c, Vector512<float> left, Vector512<float> right, Vector512<float> factor, bool accumulate)
    {
        if (accumulate)
        {
            Vector512.MultiplyAddEstimate(left, factor, Vector512.Load(c)).Store(c);
            Vector512.MultiplyAddEstimate(right, factor, Vector512.Load(c + 16)).Store(c + 16);
        }
        else
        {
            (left * factor).Store(c);
            (right * factor).Store(c + 16);
        }
    }

    // 24 sums, four vectors of a and one of b. Missing rows of b repeat the last one; their sums are not used.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Dots<TSamples>(
        int streams, nint depth, float* a, nint aRow, float* b, nint bRow, float* ahead, nint aheadRow, float* sums) where TSamples : struct, IConstant
    {
        float* a0 = a, a1 = a + aRow, a2 = a + 2 * aRow, a3 = a + 3 * aRow;
        float* b0 = b, b1 = b + Math.Min(1, streams - 1) * bRow, b2 = b + Math.Min(2, streams - 1) * bRow;
        float* b3 = b + Math.Min(3, streams - 1) * bRow, b4 = b + Math.Min(4, streams - 1) * bRow, b5 = b + Math.Min(5, streams - 1) * bRow;
        Vector512<float> u0 = default, u1 = default, u2 = default, u3 = default, u4 = default, u5 = default;
        Vector512<float> v0 = default, v1 = default, v2 = default, v3 = default, v4 = default, v5 = default;
        Vector512<float> w0 = default, w1 = default, w2 = default, w3 = default, w4 = default, w5 = default;
        Vector512<float> z0 = default, z1 = default, z2 = default, z3 = default, z4 = default, z5 = default;
        for (nint k = 0; k <= depth - 16; k += 16)
        {
            Fetch(ahead + k, aheadRow);
            Vector512<float> x0 = Vector512.Load(a0 + k), x1 = TSamples.Value > 1 ? Vector512.Load(a1 + k) : x0, y;
            Vector512<float> x2 = TSamples.Value > 2 ? Vector512.Load(a2 + k) : x0, x3 = TSamples.Value > 3 ? Vector512.Load(a3 + k) : x0;
            y = Vector512.Load(b0 + k); u0 = Vector512.MultiplyAddEstimate(x0, y, u0); if (TSamples.Value > 1) v0 = Vector512.MultiplyAddEstimate(x1, y, v0);
            if (TSamples.Value > 2) w0 = Vector512.MultiplyAddEstimate(x2, y, w0); if (TSamples.Value > 3) z0 = Vector512.MultiplyAddEstimate(x3, y, z0);
            y = Vector512.Load(b1 + k); u1 = Vector512.MultiplyAddEstimate(x0, y, u1); if (TSamples.Value > 1) v1 = Vector512.MultiplyAddEstimate(x1, y, v1);
            if (TSamples.Value > 2) w1 = Vector512.MultiplyAddEstimate(x2, y, w1); if (TSamples.Value > 3) z1 = Vector512.MultiplyAddEstimate(x3, y, z1);
            y = Vector512.Load(b2 + k); u2 = Vector512.MultiplyAddEstimate(x0, y, u2); if (TSamples.Value > 1) v2 = Vector512.MultiplyAddEstimate(x1, y, v2);
            if (TSamples.Value > 2) w2 = Vector512.MultiplyAddEstimate(x2, y, w2); if (TSamples.Value > 3) z2 = Vector512.MultiplyAddEstimate(x3, y, z2);
            y = Vector512.Load(b3 + k); u3 = Vector512.MultiplyAddEstimate(x0, y, u3); if (TSamples.Value > 1) v3 = Vector512.MultiplyAddEstimate(x1, y, v3);
            if (TSamples.Value > 2) w3 = Vector512.MultiplyAddEstimate(x2, y, w3); if (TSamples.Value > 3) z3 = Vector512.MultiplyAddEstimate(x3, y, z3);
            y = Vector512.Load(b4 + k); u4 = Vector512.MultiplyAddEstimate(x0, y, u4); if (TSamples.Value > 1) v4 = Vector512.MultiplyAddEstimate(x1, y, v4);
            if (TSamples.Value > 2) w4 = Vector512.MultiplyAddEstimate(x2, y, w4); if (TSamples.Value > 3) z4 = Vector512.MultiplyAddEstimate(x3, y, z4);
            y = Vector512.Load(b5 + k); u5 = Vector512.MultiplyAddEstimate(x0, y, u5); if (TSamples.Value > 1) v5 = Vector512.MultiplyAddEstimate(x1, y, v5);
            if (TSamples.Value > 2) w5 = Vector512.MultiplyAddEstimate(x2, y, w5); if (TSamples.Value > 3) z5 = Vector512.MultiplyAddEstimate(x3, y, z5);
        }

        Sum(u0, u1, u2, u3).Store(sums);
        Sum(u4, u5, v0, v1).Store(sums + 4);
        if (TSamples.Value > 1) Sum(v2, v3, v4, v5).Store(sums + 8);
        if (TSamples.Value > 2) Sum(w0, w1, w2, w3).Store(sums + 12);
        if (TSamples.Value > 2) Sum(w4, w5, z0, z1).Store(sums + 16);
        if (TSamples.Value > 3) Sum(z2, z3, z4, z5).Store(sums + 20);
    }

    // The four vectors' sums: neighbours first, so that four share each further addition.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Sum(Vector512<float> a, Vector512<float> b, Vector512<float> c, Vector512<float> d)
    {
        Vector512<double> ab = (Avx512F.UnpackLow(a, b) + Avx512F.UnpackHigh(a, b)).AsDouble(), cd = (Avx512F.UnpackLow(c, d) + Avx512F.UnpackHigh(c, d)).AsDouble();
        Vector512<float> all = Avx512F.UnpackLow(ab, cd).AsSingle() + Avx512F.UnpackHigh(ab, cd).AsSingle();
        Vector256<float> half = all.GetLower() + all.GetUpper();
        return half.GetLower() + half.GetUpper();
    }

    // 24 broadcast factors, a vector of a row and four of c.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Combine<TSamples>(
        nint columns, float* factors, float** rows, float* ahead, nint aheadRow, float* c, nint cRow) where TSamples : struct, IConstant
    {
        float* b0 = rows[0], b1 = rows[1], b2 = rows[2], b3 = rows[3], b4 = rows[4], b5 = rows[5];
        float* c0 = c, c1 = c + cRow, c2 = c + 2 * cRow, c3 = c + 3 * cRow;
        Vector512<float> u0 = Vector512.Create(factors[0]), u1 = Vector512.Create(factors[1]), u2 = Vector512.Create(factors[2]);
        Vector512<float> u3 = Vector512.Create(factors[3]), u4 = Vector512.Create(factors[4]), u5 = Vector512.Create(factors[5]);
        Vector512<float> v0 = Vector512.Create(factors[6]), v1 = Vector512.Create(factors[7]), v2 = Vector512.Create(factors[8]);
        Vector512<float> v3 = Vector512.Create(factors[9]), v4 = Vector512.Create(factors[10]), v5 = Vector512.Create(factors[11]);
        Vector512<float> w0 = Vector512.Create(factors[12]), w1 = Vector512.Create(factors[13]), w2 = Vector512.Create(factors[14]);
        Vector512<float> w3 = Vector512.Create(factors[15]), w4 = Vector512.Create(factors[16]), w5 = Vector512.Create(factors[17]);
        Vector512<float> z0 = Vector512.Create(factors[18]), z1 = Vector512.Create(factors[19]), z2 = Vector512.Create(factors[20]);
        Vector512<float> z3 = Vector512.Create(factors[21]), z4 = Vector512.Create(factors[22]), z5 = Vector512.Create(factors[23]);
        for (nint j = 0; j <= columns - 16; j += 16)
        {
            Fetch(ahead + j, aheadRow);
            Vector512<float> x0 = Vector512.Load(c0 + j), x1 = TSamples.Value > 1 ? Vector512.Load(c1 + j) : x0, y;
            Vector512<float> x2 = TSamples.Value > 2 ? Vector512.Load(c2 + j) : x0, x3 = TSamples.Value > 3 ? Vector512.Load(c3 + j) : x0;
            y = Vector512.Load(b0 + j); x0 = Vector512.MultiplyAddEstimate(u0, y, x0); if (TSamples.Value > 1) x1 = Vector512.MultiplyAddEstimate(v0, y, x1);
            if (TSamples.Value > 2) x2 = Vector512.MultiplyAddEstimate(w0, y, x2); if (TSamples.Value > 3) x3 = Vector512.MultiplyAddEstimate(z0, y, x3);
            y = Vector512.Load(b1 + j); x0 = Vector512.MultiplyAddEstimate(u1, y, x0); if (TSamples.Value > 1) x1 = Vector512.MultiplyAddEstimate(v1, y, x1);
            if (TSamples.Value > 2) x2 = Vector512.MultiplyAddEstimate(w1, y, x2); if (TSamples.Value > 3) x3 = Vector512.MultiplyAddEstimate(z1, y, x3);
            y = Vector512.Load(b2 + j); x0 = Vector512.MultiplyAddEstimate(u2, y, x0); if (TSamples.Value > 1) x1 = Vector512.MultiplyAddEstimate(v2, y, x1);
            if (TSamples.Value > 2) x2 = Vector512.MultiplyAddEstimate(w2, y, x2); if (TSamples.Value > 3) x3 = Vector512.MultiplyAddEstimate(z2, y, x3);
            y = Vector512.Load(b3 + j); x0 = Vector512.MultiplyAddEstimate(u3, y, x0); if (TSamples.Value > 1) x1 = Vector512.MultiplyAddEstimate(v3, y, x1);
            if (TSamples.Value > 2) x2 = Vector512.MultiplyAddEstimate(w3, y, x2); if (TSamples.Value > 3) x3 = Vector512.MultiplyAddEstimate(z3, y, x3);
            y = Vector512.Load(b4 + j); x0 = Vector512.MultiplyAddEstimate(u4, y, x0); if (TSamples.Value > 1) x1 = Vector512.MultiplyAddEstimate(v4, y, x1);
            if (TSamples.Value > 2) x2 = Vector512.MultiplyAddEstimate(w4, y, x2); if (TSamples.Value > 3) x3 = Vector512.MultiplyAddEstimate(z4, y, x3);
            y = Vector512.Load(b5 + j); x0 = Vector512.MultiplyAddEstimate(u5, y, x0); if (TSamples.Value > 1) x1 = Vector512.MultiplyAddEstimate(v5, y, x1);
            if (TSamples.Value > 2) x2 = Vector512.MultiplyAddEstimate(w5, y, x2); if (TSamples.Value > 3) x3 = Vector512.MultiplyAddEstimate(z5, y, x3);
            x0.Store(c0 + j);
            if (TSamples.Value > 1) x1.Store(c1 + j);
            if (TSamples.Value > 2) x2.Store(c2 + j);
            if (TSamples.Value > 3) x3.Store(c3 + j);
        }
    }

    public override void Transpose(float* source, nint row, int filled, int width, nint depth, float* panel)
    {
        nint k = 0;
        for (; k <= depth - 16; k += 16)
        {
            // A store runs over the first floats of the next step when the panel is narrower; that step's store follows.
            for (int i = 0; i < width; i += 16) Transpose(source + i * row + k, row, filled - i, panel + k * width + i, width);
        }
        TransposeRest(source + k, row, filled, width, depth - k, panel + k * width);
    }

    // 16 rows × 16 steps. Every row gives its whole cache line at once: rows a power of two apart share a set of the first cache.
    // Pairs, then fours of rows are interleaved in each lane; then lanes are exchanged twice.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Transpose(float* source, nint row, int filled, float* panel, nint width)
    {
        for (int i = 0; i < Math.Min(filled, 16); i++) Sse.Prefetch0(source + i * row + 96);
        Vector512<float> none = default;
        Vector512<float> r0 = filled > 0 ? Vector512.Load(source) : none, r1 = filled > 1 ? Vector512.Load(source + row) : none;
        Vector512<float> r2 = filled > 2 ? Vector512.Load(source + 2 * row) : none, r3 = filled > 3 ? Vector512.Load(source + 3 * row) : none;
        Vector512<float> r4 = filled > 4 ? Vector512.Load(source + 4 * row) : none, r5 = filled > 5 ? Vector512.Load(source + 5 * row) : none;
        Vector512<float> r6 = filled > 6 ? Vector512.Load(source + 6 * row) : none, r7 = filled > 7 ? Vector512.Load(source + 7 * row) : none;
        Vector512<float> r8 = filled > 8 ? Vector512.Load(source + 8 * row) : none, r9 = filled > 9 ? Vector512.Load(source + 9 * row) : none;
        Vector512<float> r10 = filled > 10 ? Vector512.Load(source + 10 * row) : none, r11 = filled > 11 ? Vector512.Load(source + 11 * row) : none;
        Vector512<float> r12 = filled > 12 ? Vector512.Load(source + 12 * row) : none, r13 = filled > 13 ? Vector512.Load(source + 13 * row) : none;
        Vector512<float> r14 = filled > 14 ? Vector512.Load(source + 14 * row) : none, r15 = filled > 15 ? Vector512.Load(source + 15 * row) : none;
        Interleave(ref r0, ref r1, ref r2, ref r3);
        Interleave(ref r4, ref r5, ref r6, ref r7);
        Interleave(ref r8, ref r9, ref r10, ref r11);
        Interleave(ref r12, ref r13, ref r14, ref r15);

        ExchangeLanes(ref r0, ref r4, ref r8, ref r12);
        ExchangeLanes(ref r1, ref r5, ref r9, ref r13);
        ExchangeLanes(ref r2, ref r6, ref r10, ref r14);
        ExchangeLanes(ref r3, ref r7, ref r11, ref r15);

        r0.Store(panel); r1.Store(panel + width); r2.Store(panel + 2 * width); r3.Store(panel + 3 * width);
        r4.Store(panel + 4 * width); r5.Store(panel + 5 * width); r6.Store(panel + 6 * width); r7.Store(panel + 7 * width);
        r8.Store(panel + 8 * width); r9.Store(panel + 9 * width); r10.Store(panel + 10 * width); r11.Store(panel + 11 * width);
        r12.Store(panel + 12 * width); r13.Store(panel + 13 * width); r14.Store(panel + 14 * width); r15.Store(panel + 15 * width);
    }

    // Of four rows: vector t takes step t of every lane.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Interleave(ref Vector512<float> r0, ref Vector512<float> r1, ref Vector512<float> r2, ref Vector512<float> r3)
    {
        Vector512<double> low01 = Avx512F.UnpackLow(r0, r1).AsDouble(), high01 = Avx512F.UnpackHigh(r0, r1).AsDouble();
        Vector512<double> low23 = Avx512F.UnpackLow(r2, r3).AsDouble(), high23 = Avx512F.UnpackHigh(r2, r3).AsDouble();
        r0 = Avx512F.UnpackLow(low01, low23).AsSingle();
        r1 = Avx512F.UnpackHigh(low01, low23).AsSingle();
        r2 = Avx512F.UnpackLow(high01, high23).AsSingle();
        r3 = Avx512F.UnpackHigh(high01, high23).AsSingle();
    }

    // A 4 × 4 transposition of lanes: vector t takes lane t of all four.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void ExchangeLanes(ref Vector512<float> r0, ref Vector512<float> r1, ref Vector512<float> r2, ref Vector512<float> r3)
    {
        Vector512<float> low01 = Avx512F.Shuffle4x128(r0, r1, 0x44), high01 = Avx512F.Shuffle4x128(r0, r1, 0xEE);
        Vector512<float> low23 = Avx512F.Shuffle4x128(r2, r3, 0x44), high23 = Avx512F.Shuffle4x128(r2, r3, 0xEE);
        r0 = Avx512F.Shuffle4x128(low01, low23, 0x88);
        r1 = Avx512F.Shuffle4x128(low01, low23, 0xDD);
        r2 = Avx512F.Shuffle4x128(high01, high23, 0x88);
        r3 = Avx512F.Shuffle4x128(high01, high23, 0xDD);
    }
}

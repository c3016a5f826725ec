using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace EvenNet.Kernels.Cpu;

/// <summary>Up to 14 rows × 32 columns: 28 sums, two weight vectors and a broadcast in the 32 registers of 512 bits.</summary>
internal static unsafe class Tile512
{
    /// <summary>The tiles of 1 to 14 rows; entry 0 is empty.</summary>
    public static delegate*<TileWork*, void>[] Table<TBlocks, TStride>() where TBlocks : struct, IConstant where TStride : struct, IConstant =>
    [
        null,
        &Run<N1, TBlocks, TStride>, &Run<N2, TBlocks, TStride>, &Run<N3, TBlocks, TStride>, &Run<N4, TBlocks, TStride>,
        &Run<N5, TBlocks, TStride>, &Run<N6, TBlocks, TStride>, &Run<N7, TBlocks, TStride>, &Run<N8, TBlocks, TStride>,
        &Run<N9, TBlocks, TStride>, &Run<N10, TBlocks, TStride>, &Run<N11, TBlocks, TStride>, &Run<N12, TBlocks, TStride>,
        &Run<N13, TBlocks, TStride>, &Run<N14, TBlocks, TStride>,
    ];

    // A stride of 0 is read from the work. Each sum is a local of its own: in an array it would live in memory.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Run<TRows, TBlocks, TStride>(TileWork* work)
        where TRows : struct, IConstant where TBlocks : struct, IConstant where TStride : struct, IConstant
    {
        long* offsets = work->Offsets;
        long taps = work->Taps, length = work->Length, step = work->Step, stride = TStride.Value > 0 ? TStride.Value : work->Stride;
        long weightGap = work->WeightGap, resultRow = work->ResultRow;
        long weightBlock = work->WeightBlock, resultBlock = work->ResultBlock, aheadStep = work->AheadStep, aheadGap = work->AheadGap;
        float* source = work->Source, weight = work->Weight, result = work->Result, ahead = work->Ahead;

        Vector512<float> a0 = default, a1 = default, a2 = default, a3 = default, a4 = default, a5 = default, a6 = default;
        Vector512<float> a7 = default, a8 = default, a9 = default, a10 = default, a11 = default, a12 = default, a13 = default;
        Vector512<float> b0 = default, b1 = default, b2 = default, b3 = default, b4 = default, b5 = default, b6 = default;
        Vector512<float> b7 = default, b8 = default, b9 = default, b10 = default, b11 = default, b12 = default, b13 = default;
        if (work->Bias != null)
        {
            Vector512<float> a = Vector512.Load(work->Bias), b = TBlocks.Value > 1 ? Vector512.Load(work->Bias + 16) : a;
            a0 = a1 = a2 = a3 = a4 = a5 = a6 = a7 = a8 = a9 = a10 = a11 = a12 = a13 = a;
            b0 = b1 = b2 = b3 = b4 = b5 = b6 = b7 = b8 = b9 = b10 = b11 = b12 = b13 = b;
        }

        for (long tap = 0; tap < taps; tap++, weight += weightGap, ahead += aheadGap)
        {
            float* p = source + offsets[tap];
            for (long k = length; k > 0; k--, p += step, weight += 16, ahead += aheadStep)
            {
                Lane.Prefetch(ahead);
                Vector512<float> a = Vector512.Load(weight), b = TBlocks.Value > 1 ? Vector512.Load(weight + weightBlock) : a, x;
                { x = Vector512.Create(p[0]); a0 = Vector512.MultiplyAddEstimate(x, a, a0); if (TBlocks.Value > 1) b0 = Vector512.MultiplyAddEstimate(x, b, b0); }
                if (TRows.Value > 1) { x = Vector512.Create(p[stride]); a1 = Vector512.MultiplyAddEstimate(x, a, a1); if (TBlocks.Value > 1) b1 = Vector512.MultiplyAddEstimate(x, b, b1); }
                if (TRows.Value > 2) { x = Vector512.Create(p[2 * stride]); a2 = Vector512.MultiplyAddEstimate(x, a, a2); if (TBlocks.Value > 1) b2 = Vector512.MultiplyAddEstimate(x, b, b2); }
                if (TRows.Value > 3) { x = Vector512.Create(p[3 * stride]); a3 = Vector512.MultiplyAddEstimate(x, a, a3); if (TBlocks.Value > 1) b3 = Vector512.MultiplyAddEstimate(x, b, b3); }
                if (TRows.Value > 4) { x = Vector512.Create(p[4 * stride]); a4 = Vector512.MultiplyAddEstimate(x, a, a4); if (TBlocks.Value > 1) b4 = Vector512.MultiplyAddEstimate(x, b, b4); }
                if (TRows.Value > 5) { x = Vector512.Create(p[5 * stride]); a5 = Vector512.MultiplyAddEstimate(x, a, a5); if (TBlocks.Value > 1) b5 = Vector512.MultiplyAddEstimate(x, b, b5); }
                if (TRows.Value > 6) { x = Vector512.Create(p[6 * stride]); a6 = Vector512.MultiplyAddEstimate(x, a, a6); if (TBlocks.Value > 1) b6 = Vector512.MultiplyAddEstimate(x, b, b6); }
                if (TRows.Value > 7) { x = Vector512.Create(p[7 * stride]); a7 = Vector512.MultiplyAddEstimate(x, a, a7); if (TBlocks.Value > 1) b7 = Vector512.MultiplyAddEstimate(x, b, b7); }
                if (TRows.Value > 8) { x = Vector512.Create(p[8 * stride]); a8 = Vector512.MultiplyAddEstimate(x, a, a8); if (TBlocks.Value > 1) b8 = Vector512.MultiplyAddEstimate(x, b, b8); }
                if (TRows.Value > 9) { x = Vector512.Create(p[9 * stride]); a9 = Vector512.MultiplyAddEstimate(x, a, a9); if (TBlocks.Value > 1) b9 = Vector512.MultiplyAddEstimate(x, b, b9); }
                if (TRows.Value > 10) { x = Vector512.Create(p[10 * stride]); a10 = Vector512.MultiplyAddEstimate(x, a, a10); if (TBlocks.Value > 1) b10 = Vector512.MultiplyAddEstimate(x, b, b10); }
                if (TRows.Value > 11) { x = Vector512.Create(p[11 * stride]); a11 = Vector512.MultiplyAddEstimate(x, a, a11); if (TBlocks.Value > 1) b11 = Vector512.MultiplyAddEstimate(x, b, b11); }
                if (TRows.Value > 12) { x = Vector512.Create(p[12 * stride]); a12 = Vector512.MultiplyAddEstimate(x, a, a12); if (TBlocks.Value > 1) b12 = Vector512.MultiplyAddEstimate(x, b, b12); }
                if (TRows.Value > 13) { x = Vector512.Create(p[13 * stride]); a13 = Vector512.MultiplyAddEstimate(x, a, a13); if (TBlocks.Value > 1) b13 = Vector512.MultiplyAddEstimate(x, b, b13); }
            }
        }

        if (work->Accumulate)
        {
            float* y = result;
            { a0 += Vector512.Load(y); if (TBlocks.Value > 1) b0 += Vector512.Load(y + resultBlock); y += resultRow; }
            if (TRows.Value > 1) { a1 += Vector512.Load(y); if (TBlocks.Value > 1) b1 += Vector512.Load(y + resultBlock); y += resultRow; }
            if (TRows.Value > 2) { a2 += Vector512.Load(y); if (TBlocks.Value > 1) b2 += Vector512.Load(y + resultBlock); y += resultRow; }
            if (TRows.Value > 3) { a3 += Vector512.Load(y); if (TBlocks.Value > 1) b3 += Vector512.Load(y + resultBlock); y += resultRow; }
            if (TRows.Value > 4) { a4 += Vector512.Load(y); if (TBlocks.Value > 1) b4 += Vector512.Load(y + resultBlock); y += resultRow; }
            if (TRows.Value > 5) { a5 += Vector512.Load(y); if (TBlocks.Value > 1) b5 += Vector512.Load(y + resultBlock); y += resultRow; }
            if (TRows.Value > 6) { a6 += Vector512.Load(y); if (TBlocks.Value > 1) b6 += Vector512.Load(y + resultBlock); y += resultRow; }
            if (TRows.Value > 7) { a7 += Vector512.Load(y); if (TBlocks.Value > 1) b7 += Vector512.Load(y + resultBlock); y += resultRow; }
            if (TRows.Value > 8) { a8 += Vector512.Load(y); if (TBlocks.Value > 1) b8 += Vector512.Load(y + resultBlock); y += resultRow; }
            if (TRows.Value > 9) { a9 += Vector512.Load(y); if (TBlocks.Value > 1) b9 += Vector512.Load(y + resultBlock); y += resultRow; }
            if (TRows.Value > 10) { a10 += Vector512.Load(y); if (TBlocks.Value > 1) b10 += Vector512.Load(y + resultBlock); y += resultRow; }
            if (TRows.Value > 11) { a11 += Vector512.Load(y); if (TBlocks.Value > 1) b11 += Vector512.Load(y + resultBlock); y += resultRow; }
            if (TRows.Value > 12) { a12 += Vector512.Load(y); if (TBlocks.Value > 1) b12 += Vector512.Load(y + resultBlock); y += resultRow; }
            if (TRows.Value > 13) { a13 += Vector512.Load(y); if (TBlocks.Value > 1) b13 += Vector512.Load(y + resultBlock); }
        }
        if (work->Relu)
        {
            { a0 = Vector512.Max(a0, default); if (TBlocks.Value > 1) b0 = Vector512.Max(b0, default); }
            if (TRows.Value > 1) { a1 = Vector512.Max(a1, default); if (TBlocks.Value > 1) b1 = Vector512.Max(b1, default); }
            if (TRows.Value > 2) { a2 = Vector512.Max(a2, default); if (TBlocks.Value > 1) b2 = Vector512.Max(b2, default); }
            if (TRows.Value > 3) { a3 = Vector512.Max(a3, default); if (TBlocks.Value > 1) b3 = Vector512.Max(b3, default); }
            if (TRows.Value > 4) { a4 = Vector512.Max(a4, default); if (TBlocks.Value > 1) b4 = Vector512.Max(b4, default); }
            if (TRows.Value > 5) { a5 = Vector512.Max(a5, default); if (TBlocks.Value > 1) b5 = Vector512.Max(b5, default); }
            if (TRows.Value > 6) { a6 = Vector512.Max(a6, default); if (TBlocks.Value > 1) b6 = Vector512.Max(b6, default); }
            if (TRows.Value > 7) { a7 = Vector512.Max(a7, default); if (TBlocks.Value > 1) b7 = Vector512.Max(b7, default); }
            if (TRows.Value > 8) { a8 = Vector512.Max(a8, default); if (TBlocks.Value > 1) b8 = Vector512.Max(b8, default); }
            if (TRows.Value > 9) { a9 = Vector512.Max(a9, default); if (TBlocks.Value > 1) b9 = Vector512.Max(b9, default); }
            if (TRows.Value > 10) { a10 = Vector512.Max(a10, default); if (TBlocks.Value > 1) b10 = Vector512.Max(b10, default); }
            if (TRows.Value > 11) { a11 = Vector512.Max(a11, default); if (TBlocks.Value > 1) b11 = Vector512.Max(b11, default); }
            if (TRows.Value > 12) { a12 = Vector512.Max(a12, default); if (TBlocks.Value > 1) b12 = Vector512.Max(b12, default); }
            if (TRows.Value > 13) { a13 = Vector512.Max(a13, default); if (TBlocks.Value > 1) b13 = Vector512.Max(b13, default); }
        }
        { a0.Store(result); if (TBlocks.Value > 1) b0.Store(result + resultBlock); result += resultRow; }
        if (TRows.Value > 1) { a1.Store(result); if (TBlocks.Value > 1) b1.Store(result + resultBlock); result += resultRow; }
        if (TRows.Value > 2) { a2.Store(result); if (TBlocks.Value > 1) b2.Store(result + resultBlock); result += resultRow; }
        if (TRows.Value > 3) { a3.Store(result); if (TBlocks.Value > 1) b3.Store(result + resultBlock); result += resultRow; }
        if (TRows.Value > 4) { a4.Store(result); if (TBlocks.Value > 1) b4.Store(result + resultBlock); result += resultRow; }
        if (TRows.Value > 5) { a5.Store(result); if (TBlocks.Value > 1) b5.Store(result + resultBlock); result += resultRow; }
        if (TRows.Value > 6) { a6.Store(result); if (TBlocks.Value > 1) b6.Store(result + resultBlock); result += resultRow; }
        if (TRows.Value > 7) { a7.Store(result); if (TBlocks.Value > 1) b7.Store(result + resultBlock); result += resultRow; }
        if (TRows.Value > 8) { a8.Store(result); if (TBlocks.Value > 1) b8.Store(result + resultBlock); result += resultRow; }
        if (TRows.Value > 9) { a9.Store(result); if (TBlocks.Value > 1) b9.Store(result + resultBlock); result += resultRow; }
        if (TRows.Value > 10) { a10.Store(result); if (TBlocks.Value > 1) b10.Store(result + resultBlock); result += resultRow; }
        if (TRows.Value > 11) { a11.Store(result); if (TBlocks.Value > 1) b11.Store(result + resultBlock); result += resultRow; }
        if (TRows.Value > 12) { a12.Store(result); if (TBlocks.Value > 1) b12.Store(result + resultBlock); result += resultRow; }
        if (TRows.Value > 13) { a13.Store(result); if (TBlocks.Value > 1) b13.Store(result + resultBlock); }
    }
}

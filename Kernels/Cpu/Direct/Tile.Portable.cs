using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace EvenNet.Kernels.Cpu;

/// <summary>Up to 6 rows × 8 columns, half a block: 12 sums, two weight vectors and a broadcast in 16 registers of 128 bits.</summary>
internal static unsafe class Tile128
{
    /// <summary>The tiles of 1 to 6 rows; entry 0 is empty.</summary>
    public static delegate*<TileWork*, void>[] Table<TBlocks, TStride>() where TBlocks : struct, IConstant where TStride : struct, IConstant =>
    [
        null,
        &Run<N1, TBlocks, TStride>, &Run<N2, TBlocks, TStride>, &Run<N3, TBlocks, TStride>, &Run<N4, TBlocks, TStride>,
        &Run<N5, TBlocks, TStride>, &Run<N6, TBlocks, TStride>,
    ];

    // A stride of 0 is read from the work. Each sum is a local of its own: in an array it would live in memory.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Run<TRows, TBlocks, TStride>(TileWork* work)
        where TRows : struct, IConstant where TBlocks : struct, IConstant where TStride : struct, IConstant
    {
        long* offsets = work->Offsets;
        long taps = work->Taps, length = work->Length, step = work->Step, stride = TStride.Value > 0 ? TStride.Value : work->Stride;
        long weightGap = work->WeightGap, resultRow = work->ResultRow;
        float* source = work->Source;

        for (int half = 0; half < 2 * TBlocks.Value; half++)
        {
            int block = half / 2, column = half % 2 * 8;
            float* weight = work->Weight + block * work->WeightBlock + column, result = work->Result + block * work->ResultBlock + column;
            float* bias = work->Bias == null ? null : work->Bias + 16 * block + column;
            Vector128<float> a0 = default, a1 = default, a2 = default, a3 = default, a4 = default, a5 = default;
            Vector128<float> b0 = default, b1 = default, b2 = default, b3 = default, b4 = default, b5 = default;
            if (bias != null)
            {
                Vector128<float> a = Vector128.Load(bias), b = Vector128.Load(bias + 4);
                a0 = a1 = a2 = a3 = a4 = a5 = a;
                b0 = b1 = b2 = b3 = b4 = b5 = b;
            }

            for (long tap = 0; tap < taps; tap++, weight += weightGap)
            {
                float* p = source + offsets[tap];
                for (long k = length; k > 0; k--, p += step, weight += 16)
                {
                    Vector128<float> a = Vector128.Load(weight), b = Vector128.Load(weight + 4), x;
                    { x = Vector128.Create(p[0]); a0 = Vector128.MultiplyAddEstimate(x, a, a0); b0 = Vector128.MultiplyAddEstimate(x, b, b0); }
                    if (TRows.Value > 1) { x = Vector128.Create(p[stride]); a1 = Vector128.MultiplyAddEstimate(x, a, a1); b1 = Vector128.MultiplyAddEstimate(x, b, b1); }
                    if (TRows.Value > 2) { x = Vector128.Create(p[2 * stride]); a2 = Vector128.MultiplyAddEstimate(x, a, a2); b2 = Vector128.MultiplyAddEstimate(x, b, b2); }
                    if (TRows.Value > 3) { x = Vector128.Create(p[3 * stride]); a3 = Vector128.MultiplyAddEstimate(x, a, a3); b3 = Vector128.MultiplyAddEstimate(x, b, b3); }
                    if (TRows.Value > 4) { x = Vector128.Create(p[4 * stride]); a4 = Vector128.MultiplyAddEstimate(x, a, a4); b4 = Vector128.MultiplyAddEstimate(x, b, b4); }
                    if (TRows.Value > 5) { x = Vector128.Create(p[5 * stride]); a5 = Vector128.MultiplyAddEstimate(x, a, a5); b5 = Vector128.MultiplyAddEstimate(x, b, b5); }
                }
            }

            if (work->Accumulate)
            {
                float* y = result;
                { a0 += Vector128.Load(y); b0 += Vector128.Load(y + 4); y += resultRow; }
                if (TRows.Value > 1) { a1 += Vector128.Load(y); b1 += Vector128.Load(y + 4); y += resultRow; }
                if (TRows.Value > 2) { a2 += Vector128.Load(y); b2 += Vector128.Load(y + 4); y += resultRow; }
                if (TRows.Value > 3) { a3 += Vector128.Load(y); b3 += Vector128.Load(y + 4); y += resultRow; }
                if (TRows.Value > 4) { a4 += Vector128.Load(y); b4 += Vector128.Load(y + 4); y += resultRow; }
                if (TRows.Value > 5) { a5 += Vector128.Load(y); b5 += Vector128.Load(y + 4); }
            }
            if (work->Relu)
            {
                { a0 = Vector128.Max(a0, default); b0 = Vector128.Max(b0, default); }
                if (TRows.Value > 1) { a1 = Vector128.Max(a1, default); b1 = Vector128.Max(b1, default); }
                if (TRows.Value > 2) { a2 = Vector128.Max(a2, default); b2 = Vector128.Max(b2, default); }
                if (TRows.Value > 3) { a3 = Vector128.Max(a3, default); b3 = Vector128.Max(b3, default); }
                if (TRows.Value > 4) { a4 = Vector128.Max(a4, default); b4 = Vector128.Max(b4, default); }
                if (TRows.Value > 5) { a5 = Vector128.Max(a5, default); b5 = Vector128.Max(b5, default); }
            }
            { a0.Store(result); b0.Store(result + 4); result += resultRow; }
            if (TRows.Value > 1) { a1.Store(result); b1.Store(result + 4); result += resultRow; }
            if (TRows.Value > 2) { a2.Store(result); b2.Store(result + 4); result += resultRow; }
            if (TRows.Value > 3) { a3.Store(result); b3.Store(result + 4); result += resultRow; }
            if (TRows.Value > 4) { a4.Store(result); b4.Store(result + 4); result += resultRow; }
            if (TRows.Value > 5) { a5.Store(result); b5.Store(result + 4); }
        }
    }
}

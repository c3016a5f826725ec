using System.Runtime.CompilerServices;

namespace EvenNet.Kernels.Cpu;

/// <summary>
/// The five small products of F(4×4, 3×3) (Lavin and Gray 2015, §4): y = Aᵀ[(G g Gᵀ) ⊙ (Bᵀ d B)]A for a tile of 4 × 4 outputs, and its adjoint by g:
/// dg = Gᵀ[(A dy Aᵀ) ⊙ (Bᵀ d B)]G. All run on 16 channels at a time. Where a tile of an image reaches beyond its edge, zeros are read and nothing is written.
/// </summary>
/// <remarks>
/// The polynomials meet at 0, ±5/8, ±3/2 and ∞. These points and all products in Bᵀ and Aᵀ are exact in float32, and errors are
/// a third to a fifth of those with the usual 0, ±1, ±2.
/// </remarks>
internal static unsafe class WinogradTransforms<V> where V : struct, ILaneVector<V>
{
    private const int Block = HaloLayout.Block;
    private const float A = 0.625f, A2 = A * A, A3 = A2 * A, B = 1.5f, B2 = B * B, B3 = B2 * B;
    private const float A2B2 = A2 * B2, Sum = A2 + B2;

    // What the rows of G are divided by: products of a point's distances from the others.
    private const float OfZero = 1 / A2B2, OfA = 1 / (2 * A2 * (A2 - B2)), OfB = 1 / (2 * B2 * (B2 - A2));

    /// <summary>
    /// to[ξ · plane + i · toTile] = Bᵀ d B for each tile i: 6 × 6 pixels from source + spots[i].Offset on. zeros: 96 of them.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Input(float* source, long row, TileSpot* spots, int count, float* zeros, float* to, long toTile, long plane)
    {
        float* memory = stackalloc float[36 * Block + Block], t = Aligned(memory);
        for (int i = 0; i < count; i++, to += toTile)
        {
            TileSpot spot = spots[i];
            float* r0 = source + spot.Offset, r1 = spot.Rows > 1 ? r0 + row : zeros, r2 = spot.Rows > 2 ? r0 + 2 * row : zeros;
            float* r3 = spot.Rows > 3 ? r0 + 3 * row : zeros, r4 = spot.Rows > 4 ? r0 + 4 * row : zeros, r5 = spot.Rows > 5 ? r0 + 5 * row : zeros;
            for (int lane = 0; lane < Block; lane += V.Count)
            {
                int j = lane, end = spot.Columns * Block;
                for (; j < end; j += Block) Input(V.Load(r0 + j), V.Load(r1 + j), V.Load(r2 + j), V.Load(r3 + j), V.Load(r4 + j), V.Load(r5 + j), t + j, 6 * Block);
                for (; j < 6 * Block; j += Block)
                    for (int k = 0; k < 6; k++) V.Create(0).Store(t + k * 6 * Block + j);
                float* s = t + lane, o = to + lane;
                for (int k = 0; k < 6; k++, s += 6 * Block, o += 6 * plane)
                    Input(V.Load(s), V.Load(s + Block), V.Load(s + 2 * Block), V.Load(s + 3 * Block), V.Load(s + 4 * Block), V.Load(s + 5 * Block), o, plane);
            }
        }
    }

    /// <summary>
    /// A tile's outputs: y = Aᵀ m A + bias, then max(y, 0) if <paramref name="relu"/>; or y += Aᵀ m A if <paramref name="accumulate"/>.
    /// m of tile i: products + i · tile + ξ · plane; its outputs: target + spots[i].Offset. A null bias is zero.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Output(
        float* products, long tile, long plane, float* bias, bool accumulate, bool relu, float* target, long row, TileSpot* spots, int count)
    {
        float* memory = stackalloc float[24 * Block + Block], t = Aligned(memory);
        for (int i = 0; i < count; i++, products += tile)
        {
            TileSpot spot = spots[i];
            for (int lane = 0; lane < Block; lane += V.Count)
            {
                float* m = products + lane;
                for (int j = lane; j < 6 * Block; j += Block, m += plane)
                {
                    V m0 = V.Load(m), m1 = V.Load(m + 6 * plane), m2 = V.Load(m + 12 * plane);
                    V m3 = V.Load(m + 18 * plane), m4 = V.Load(m + 24 * plane), m5 = V.Load(m + 30 * plane);
                    V p = m1 + m2, q = m1 - m2, r = m3 + m4, w = m3 - m4;
                    (m0 + p + r).Store(t + j);
                    V.MultiplyAdd(V.Create(A), q, V.Create(B) * w).Store(t + j + 6 * Block);
                    V.MultiplyAdd(V.Create(A2), p, V.Create(B2) * r).Store(t + j + 12 * Block);
                    V.MultiplyAdd(V.Create(A3), q, V.MultiplyAdd(V.Create(B3), w, m5)).Store(t + j + 18 * Block);
                }
                V start = bias == null ? V.Create(0) : V.Load(bias + lane);
                float* s = t + lane, y = target + spot.Offset + lane;
                for (int k = 0; k < spot.Rows; k++, s += 6 * Block, y += row)
                {
                    V m0 = V.Load(s), m1 = V.Load(s + Block), m2 = V.Load(s + 2 * Block);
                    V m3 = V.Load(s + 3 * Block), m4 = V.Load(s + 4 * Block), m5 = V.Load(s + 5 * Block);
                    V p = m1 + m2, q = m1 - m2, r = m3 + m4, w = m3 - m4;
                    V y0 = m0 + start + p + r, y1 = V.MultiplyAdd(V.Create(A), q, V.MultiplyAdd(V.Create(B), w, start));
                    V y2 = V.MultiplyAdd(V.Create(A2), p, V.MultiplyAdd(V.Create(B2), r, start));
                    V y3 = V.MultiplyAdd(V.Create(A3), q, V.MultiplyAdd(V.Create(B3), w, m5 + start));
                    if (accumulate)
                    {
                        y0 += V.Load(y);
                        if (spot.Columns > 1) y1 += V.Load(y + Block);
                        if (spot.Columns > 2) y2 += V.Load(y + 2 * Block);
                        if (spot.Columns > 3) y3 += V.Load(y + 3 * Block);
                    }
                    if (relu)
                    {
                        y0 = V.Rectify(y0);
                        y1 = V.Rectify(y1);
                        y2 = V.Rectify(y2);
                        y3 = V.Rectify(y3);
                    }
                    y0.Store(y);
                    if (spot.Columns > 1) y1.Store(y + Block);
                    if (spot.Columns > 2) y2.Store(y + 2 * Block);
                    if (spot.Columns > 3) y3.Store(y + 3 * Block);
                }
            }
        }
    }

    /// <summary>to[ξ · plane + i · toTile] = A dy Aᵀ for each tile i: up to 4 × 4 pixels from source + spots[i].Offset on. zeros: 64 of them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void OutputAdjoint(float* source, long row, TileSpot* spots, int count, float* zeros, float* to, long toTile, long plane)
    {
        float* memory = stackalloc float[24 * Block + Block], t = Aligned(memory);
        for (int i = 0; i < count; i++, to += toTile)
        {
            TileSpot spot = spots[i];
            float* r0 = source + spot.Offset, r1 = spot.Rows > 1 ? r0 + row : zeros;
            float* r2 = spot.Rows > 2 ? r0 + 2 * row : zeros, r3 = spot.Rows > 3 ? r0 + 3 * row : zeros;
            for (int lane = 0; lane < Block; lane += V.Count)
            {
                int j = lane, end = spot.Columns * Block;
                for (; j < end; j += Block) OutputAdjoint(V.Load(r0 + j), V.Load(r1 + j), V.Load(r2 + j), V.Load(r3 + j), t + j, 4 * Block);
                for (; j < 4 * Block; j += Block)
                    for (int k = 0; k < 6; k++) V.Create(0).Store(t + k * 4 * Block + j);
                float* s = t + lane, o = to + lane;
                for (int k = 0; k < 6; k++, s += 4 * Block, o += 6 * plane)
                    OutputAdjoint(V.Load(s), V.Load(s + Block), V.Load(s + 2 * Block), V.Load(s + 3 * Block), o, plane);
            }
        }
    }

    /// <summary>
    /// to[ξ · plane + k · 16] = G g Gᵀ for 16 windows g of 9 × 16, one after another. One row of products at a time, so that few streams are
    /// written at once: a plane's distance is often a power of two, and 36 lines at such distances do not fit one set of a cache.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Weights(float* windows, float* to, long plane)
    {
        const int row = 3 * Block * Block;
        float* memory = stackalloc float[6 * row + Block], t = Aligned(memory);
        for (int k = 0; k < Block; k++)
            for (int j = 0; j < 3 * Block; j += V.Count)
            {
                float* g = windows + k * 9 * Block + j;
                Weights(V.Load(g), V.Load(g + 3 * Block), V.Load(g + 6 * Block), t + k * 3 * Block + j, row);
            }
        for (int i = 0; i < 6; i++, t += row, to += 6 * plane)
            for (int k = 0; k < Block; k++)
                for (int lane = 0; lane < Block; lane += V.Count)
                {
                    float* s = t + k * 3 * Block + lane;
                    Weights(V.Load(s), V.Load(s + Block), V.Load(s + 2 * Block), to + k * Block + lane, plane);
                }
    }

    /// <summary>Gᵀ s G for <paramref name="count"/> sums s[ξ · plane + k · 16]: windows of 9 × 16, one after another.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void WeightsAdjoint(float* sums, long plane, int count, float* windows)
    {
        float* memory = stackalloc float[18 * Block + Block], t = Aligned(memory);
        for (; count > 0; count--, sums += Block, windows += 9 * Block)
        {
            for (int lane = 0; lane < Block; lane += V.Count)
            {
                float* m = sums + lane, s = t + lane, g = windows + lane;
                for (int j = 0; j < 6 * Block; j += Block, m += plane)
                    WeightsAdjoint(V.Load(m), V.Load(m + 6 * plane), V.Load(m + 12 * plane), V.Load(m + 18 * plane), V.Load(m + 24 * plane), V.Load(m + 30 * plane), s + j, 6 * Block);
                for (int k = 0; k < 3; k++, s += 6 * Block, g += 3 * Block)
                    WeightsAdjoint(V.Load(s), V.Load(s + Block), V.Load(s + 2 * Block), V.Load(s + 3 * Block), V.Load(s + 4 * Block), V.Load(s + 5 * Block), g, Block);
            }
        }
    }

    // A vector that straddles two cache lines costs twice.
    private static float* Aligned(float* memory) => (float*)(((nuint)memory + 63) / 64 * 64);

    // Bᵀ d
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Input(V d0, V d1, V d2, V d3, V d4, V d5, float* to, long step)
    {
        V p = V.MultiplyAdd(V.Create(-B2), d2, d4), q = V.MultiplyAdd(V.Create(-B2), d1, d3);
        V r = V.MultiplyAdd(V.Create(-A2), d2, d4), w = V.MultiplyAdd(V.Create(-A2), d1, d3);
        V.MultiplyAdd(V.Create(A2B2), d0, V.MultiplyAdd(V.Create(-Sum), d2, d4)).Store(to);
        V.MultiplyAdd(V.Create(A), q, p).Store(to + step);
        V.MultiplyAdd(V.Create(-A), q, p).Store(to + 2 * step);
        V.MultiplyAdd(V.Create(B), w, r).Store(to + 3 * step);
        V.MultiplyAdd(V.Create(-B), w, r).Store(to + 4 * step);
        V.MultiplyAdd(V.Create(A2B2), d1, V.MultiplyAdd(V.Create(-Sum), d3, d5)).Store(to + 5 * step);
    }

    // A dy
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void OutputAdjoint(V d0, V d1, V d2, V d3, float* to, long step)
    {
        V p = V.MultiplyAdd(V.Create(A2), d2, d0), q = V.MultiplyAdd(V.Create(A2), d3, d1);
        V r = V.MultiplyAdd(V.Create(B2), d2, d0), w = V.MultiplyAdd(V.Create(B2), d3, d1);
        d0.Store(to);
        V.MultiplyAdd(V.Create(A), q, p).Store(to + step);
        V.MultiplyAdd(V.Create(-A), q, p).Store(to + 2 * step);
        V.MultiplyAdd(V.Create(B), w, r).Store(to + 3 * step);
        V.MultiplyAdd(V.Create(-B), w, r).Store(to + 4 * step);
        d3.Store(to + 5 * step);
    }

    // G g
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Weights(V g0, V g1, V g2, float* to, long step)
    {
        V p = V.MultiplyAdd(V.Create(A2), g2, g0) * V.Create(OfA), q = g1 * V.Create(A * OfA);
        V r = V.MultiplyAdd(V.Create(B2), g2, g0) * V.Create(OfB), w = g1 * V.Create(B * OfB);
        (g0 * V.Create(OfZero)).Store(to);
        (p + q).Store(to + step);
        (p - q).Store(to + 2 * step);
        (r + w).Store(to + 3 * step);
        (r - w).Store(to + 4 * step);
        g2.Store(to + 5 * step);
    }

    // Gᵀ s
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void WeightsAdjoint(V s0, V s1, V s2, V s3, V s4, V s5, float* to, long step)
    {
        V p = s1 + s2, q = s1 - s2, r = s3 + s4, w = s3 - s4;
        V.MultiplyAdd(V.Create(OfZero), s0, V.MultiplyAdd(V.Create(OfA), p, V.Create(OfB) * r)).Store(to);
        V.MultiplyAdd(V.Create(A * OfA), q, V.Create(B * OfB) * w).Store(to + step);
        V.MultiplyAdd(V.Create(A2 * OfA), p, V.MultiplyAdd(V.Create(B2 * OfB), r, s5)).Store(to + 2 * step);
    }
}

/// <summary>Where a tile lies: its first pixel's distance, and how many of its rows and columns exist.</summary>
internal readonly record struct TileSpot(long Offset, int Rows, int Columns);

/// <summary><see cref="WinogradTransforms{V}"/> of one vector width.</summary>
internal sealed unsafe class WinogradTransforms
{
    public required delegate*<float*, long, TileSpot*, int, float*, float*, long, long, void> Input { get; init; }

    public required delegate*<float*, long, long, float*, bool, bool, float*, long, TileSpot*, int, void> Output { get; init; }

    public required delegate*<float*, long, TileSpot*, int, float*, float*, long, long, void> OutputAdjoint { get; init; }

    public required delegate*<float*, float*, long, void> Weights { get; init; }

    public required delegate*<float*, long, int, float*, void> WeightsAdjoint { get; init; }

    public static WinogradTransforms Of(VectorWidth width) => width.Bits switch
    {
        512 => Of<Lanes512>(),
        256 => Of<Lanes256>(),
        _ => Of<Lanes128>(),
    };

    private static WinogradTransforms Of<V>() where V : struct, ILaneVector<V> => new()
    {
        Input = &WinogradTransforms<V>.Input,
        Output = &WinogradTransforms<V>.Output,
        OutputAdjoint = &WinogradTransforms<V>.OutputAdjoint,
        Weights = &WinogradTransforms<V>.Weights,
        WeightsAdjoint = &WinogradTransforms<V>.WeightsAdjoint,
    };
}

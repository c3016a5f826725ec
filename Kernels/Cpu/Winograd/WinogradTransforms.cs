using System.Runtime.CompilerServices;

namespace EvenNet.Kernels.Cpu;

/// <summary>
/// The five small products of F(4×4, 3×3) and F(2×2, 5×5) (Lavin and Gray 2015, §4): y = Aᵀ[(G g Gᵀ) ⊙ (Bᵀ d B)]A for a tile of 4 × 4 or 2 × 2 outputs,
/// and its adjoint by g: dg = Gᵀ[(A dy Aᵀ) ⊙ (Bᵀ d B)]G. Both have 6 × 6 products, so the same Bᵀ. All run on 16 channels at a time. Where a tile of an image reaches beyond its edge, zeros are read and nothing is written.
/// </summary>
/// <remarks>
/// The polynomials meet at 0, ±5/8, ±3/2 and ∞. These points and all products in Bᵀ and Aᵀ are exact in float32, and errors are
/// a third to a fifth of those with the usual 0, ±1, ±2.
/// </remarks>
internal static unsafe class WinogradTransforms<V, TWindow> where V : struct, ILaneVector<V> where TWindow : struct, IConstant
{
    private const int Block = HaloLayout.Block;
    private const float A = 0.625f, A2 = A * A, A3 = A2 * A, A4 = A2 * A2, B = 1.5f, B2 = B * B, B3 = B2 * B, B4 = B2 * B2;
    private const float A2B2 = A2 * B2, Sum = A2 + B2;

    // Taps of a window's side, and outputs of a tile's.
    private static int Taps => TWindow.Value;

    private static int Outputs => 7 - TWindow.Value;

    // What the rows of G are divided by: products of a point's distances from the others.
    private const float OfZero = 1 / A2B2, OfA = 1 / (2 * A2 * (A2 - B2)), OfB = 1 / (2 * B2 * (B2 - A2));

    /// <summary>
    /// to[ξ · plane + i · toTile] = Bᵀ d B for each tile i: 6 × 6 pixels from source + spots[i].Offset on. zeros: 96 of them.
    /// What is transformed next lies <paramref name="ahead"/> further, and is asked for meanwhile.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Input(float* source, long ahead, long row, TileSpot* spots, int count, float* zeros, float* to, long toTile, long plane)
    {
        float* memory = stackalloc float[36 * Block + Block], t = Aligned(memory);
        for (int i = 0; i < count; i++, to += toTile)
        {
            TileSpot spot = spots[i];
            float* r0 = source + spot.Offset, r1 = spot.Rows > 1 ? r0 + row : zeros, r2 = spot.Rows > 2 ? r0 + 2 * row : zeros;
            float* r3 = spot.Rows > 3 ? r0 + 3 * row : zeros, r4 = spot.Rows > 4 ? r0 + 4 * row : zeros, r5 = spot.Rows > 5 ? r0 + 5 * row : zeros;
            WinogradTiles.Fetch(r0 + ahead, row, spot);
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
                    V.MultiplyAdd(V.Create(A), q, Outputs == 2 ? V.MultiplyAdd(V.Create(B), w, m5) : V.Create(B) * w).Store(t + j + 6 * Block);
                    if (Outputs == 2) continue;
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
                    V y0 = m0 + start + p + r, y1 = V.MultiplyAdd(V.Create(A), q, V.MultiplyAdd(V.Create(B), w, Outputs == 2 ? m5 + start : start));
                    Put(y0, y, accumulate, relu);
                    if (spot.Columns > 1) Put(y1, y + Block, accumulate, relu);
                    if (Outputs == 2) continue;
                    if (spot.Columns > 2) Put(V.MultiplyAdd(V.Create(A2), p, V.MultiplyAdd(V.Create(B2), r, start)), y + 2 * Block, accumulate, relu);
                    if (spot.Columns > 3) Put(V.MultiplyAdd(V.Create(A3), q, V.MultiplyAdd(V.Create(B3), w, m5 + start)), y + 3 * Block, accumulate, relu);
                }
            }
        }
    }

    /// <summary>to[ξ · plane + i · toTile] = A dy Aᵀ for each tile i: its outputs' pixels from source + spots[i].Offset on. zeros: 64 of them. ahead: as for <see cref="Input(float*, long, long, TileSpot*, int, float*, float*, long, long)"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void OutputAdjoint(float* source, long ahead, long row, TileSpot* spots, int count, float* zeros, float* to, long toTile, long plane)
    {
        float* memory = stackalloc float[24 * Block + Block], t = Aligned(memory);
        for (int i = 0; i < count; i++, to += toTile)
        {
            TileSpot spot = spots[i];
            float* r0 = source + spot.Offset, r1 = spot.Rows > 1 ? r0 + row : zeros;
            float* r2 = Outputs > 2 && spot.Rows > 2 ? r0 + 2 * row : zeros, r3 = Outputs > 2 && spot.Rows > 3 ? r0 + 3 * row : zeros;
            WinogradTiles.Fetch(r0 + ahead, row, spot);
            for (int lane = 0; lane < Block; lane += V.Count)
            {
                int j = lane, end = spot.Columns * Block;
                for (; j < end; j += Block) OutputAdjoint(V.Load(r0 + j), V.Load(r1 + j), V.Load(r2 + j), V.Load(r3 + j), t + j, Outputs * Block);
                for (; j < Outputs * Block; j += Block)
                    for (int k = 0; k < 6; k++) V.Create(0).Store(t + k * Outputs * Block + j);
                float* s = t + lane, o = to + lane;
                for (int k = 0; k < 6; k++, s += Outputs * Block, o += 6 * plane)
                    OutputAdjoint(V.Load(s), V.Load(s + Block), Outputs > 2 ? V.Load(s + 2 * Block) : default, Outputs > 2 ? V.Load(s + 3 * Block) : default, o, plane);
            }
        }
    }

    /// <summary>
    /// to[ξ · plane + k · 16] = G g Gᵀ for 16 windows g of taps × 16, one after another. One row of products at a time, so that few streams are
    /// written at once: a plane's distance is often a power of two, and 36 lines at such distances do not fit one set of a cache.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Weights(float* windows, float* to, long plane)
    {
        int row = Taps * Block * Block;
        float* memory = stackalloc float[6 * row + Block], t = Aligned(memory);
        for (int k = 0; k < Block; k++)
            for (int j = 0; j < Taps * Block; j += V.Count)
                Weights(windows + k * Taps * Taps * Block + j, Taps * Block, t + k * Taps * Block + j, row);
        for (int i = 0; i < 6; i++, t += row, to += 6 * plane)
            for (int k = 0; k < Block; k++)
                for (int lane = 0; lane < Block; lane += V.Count)
                    Weights(t + k * Taps * Block + lane, Block, to + k * Block + lane, plane);
    }

    /// <summary>Gᵀ s G for <paramref name="count"/> sums s[ξ · plane + k · 16]: windows of taps × 16, one after another.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void WeightsAdjoint(float* sums, long plane, int count, float* windows)
    {
        float* memory = stackalloc float[30 * Block + Block], t = Aligned(memory);
        for (; count > 0; count--, sums += Block, windows += Taps * Taps * Block)
        {
            for (int lane = 0; lane < Block; lane += V.Count)
            {
                float* m = sums + lane, s = t + lane, g = windows + lane;
                for (int j = 0; j < 6 * Block; j += Block, m += plane) WeightsAdjoint(m, 6 * plane, s + j, 6 * Block);
                for (int k = 0; k < Taps; k++, s += 6 * Block, g += Taps * Block) WeightsAdjoint(s, Block, g, Block);
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
        V p = d0, q = d1, r = d0, w = d1;
        if (Outputs > 2)
        {
            (p, q) = (V.MultiplyAdd(V.Create(A2), d2, d0), V.MultiplyAdd(V.Create(A2), d3, d1));
            (r, w) = (V.MultiplyAdd(V.Create(B2), d2, d0), V.MultiplyAdd(V.Create(B2), d3, d1));
        }
        d0.Store(to);
        V.MultiplyAdd(V.Create(A), q, p).Store(to + step);
        V.MultiplyAdd(V.Create(-A), q, p).Store(to + 2 * step);
        V.MultiplyAdd(V.Create(B), w, r).Store(to + 3 * step);
        V.MultiplyAdd(V.Create(-B), w, r).Store(to + 4 * step);
        (Outputs > 2 ? d3 : d1).Store(to + 5 * step);
    }

    // G g
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Weights(float* g, long from, float* to, long step)
    {
        V g0 = V.Load(g), g1 = V.Load(g + from), last = V.Load(g + (Taps - 1) * from);
        V p = V.MultiplyAdd(V.Create(A2), last, g0), r = V.MultiplyAdd(V.Create(B2), last, g0);
        V q = g1 * V.Create(A * OfA), w = g1 * V.Create(B * OfB);
        if (Taps == 5)
        {
            V g2 = V.Load(g + 2 * from), g3 = V.Load(g + 3 * from);
            p = V.MultiplyAdd(V.Create(A4), last, V.MultiplyAdd(V.Create(A2), g2, g0));
            r = V.MultiplyAdd(V.Create(B4), last, V.MultiplyAdd(V.Create(B2), g2, g0));
            q = V.MultiplyAdd(V.Create(A3 * OfA), g3, q);
            w = V.MultiplyAdd(V.Create(B3 * OfB), g3, w);
        }
        (p, r) = (p * V.Create(OfA), r * V.Create(OfB));
        (g0 * V.Create(OfZero)).Store(to);
        (p + q).Store(to + step);
        (p - q).Store(to + 2 * step);
        (r + w).Store(to + 3 * step);
        (r - w).Store(to + 4 * step);
        last.Store(to + 5 * step);
    }

    // Gᵀ s
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void WeightsAdjoint(float* s, long from, float* to, long step)
    {
        V s1 = V.Load(s + from), s2 = V.Load(s + 2 * from), s3 = V.Load(s + 3 * from), s4 = V.Load(s + 4 * from), s5 = V.Load(s + 5 * from);
        V p = s1 + s2, q = s1 - s2, r = s3 + s4, w = s3 - s4;
        V.MultiplyAdd(V.Create(OfZero), V.Load(s), V.MultiplyAdd(V.Create(OfA), p, V.Create(OfB) * r)).Store(to);
        V.MultiplyAdd(V.Create(A * OfA), q, V.Create(B * OfB) * w).Store(to + step);
        V.MultiplyAdd(V.Create(A2 * OfA), p, Taps == 3 ? V.MultiplyAdd(V.Create(B2 * OfB), r, s5) : V.Create(B2 * OfB) * r).Store(to + 2 * step);
        if (Taps == 3) return;
        V.MultiplyAdd(V.Create(A3 * OfA), q, V.Create(B3 * OfB) * w).Store(to + 3 * step);
        V.MultiplyAdd(V.Create(A4 * OfA), p, V.MultiplyAdd(V.Create(B4 * OfB), r, s5)).Store(to + 4 * step);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Put(V value, float* to, bool accumulate, bool relu)
    {
        if (accumulate) value += V.Load(to);
        (relu ? V.Rectify(value) : value).Store(to);
    }
}

/// <summary>Where a tile lies: its first pixel's distance, and how many of its rows and columns exist.</summary>
internal readonly record struct TileSpot(long Offset, int Rows, int Columns);

/// <summary><see cref="WinogradTransforms{V, TWindow}"/> of one vector width and window.</summary>
internal sealed unsafe class WinogradTransforms
{
    public required delegate*<float*, long, long, TileSpot*, int, float*, float*, long, long, void> Input { get; init; }

    public required delegate*<float*, long, long, float*, bool, bool, float*, long, TileSpot*, int, void> Output { get; init; }

    public required delegate*<float*, long, long, TileSpot*, int, float*, float*, long, long, void> OutputAdjoint { get; init; }

    public required delegate*<float*, float*, long, void> Weights { get; init; }

    public required delegate*<float*, long, int, float*, void> WeightsAdjoint { get; init; }

    /// <summary>The transforms for windows of 3 × 3 or 5 × 5 taps.</summary>
    public static WinogradTransforms Of(VectorWidth width, int window) => window == 3 ? Of<N3>(width) : Of<N5>(width);

    private static WinogradTransforms Of<TWindow>(VectorWidth width) where TWindow : struct, IConstant => width.Bits switch
    {
        512 => Of<Lanes512, TWindow>(),
        256 => Of<Lanes256, TWindow>(),
        _ => Of<Lanes128, TWindow>(),
    };

    private static WinogradTransforms Of<V, TWindow>() where V : struct, ILaneVector<V> where TWindow : struct, IConstant => new()
    {
        Input = &WinogradTransforms<V, TWindow>.Input,
        Output = &WinogradTransforms<V, TWindow>.Output,
        OutputAdjoint = &WinogradTransforms<V, TWindow>.OutputAdjoint,
        Weights = &WinogradTransforms<V, TWindow>.Weights,
        WeightsAdjoint = &WinogradTransforms<V, TWindow>.WeightsAdjoint,
    };
}

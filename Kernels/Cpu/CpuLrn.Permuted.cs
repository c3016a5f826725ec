using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace EvenNet.Kernels.Cpu;

/// <summary>
/// Blocks of sixteen channels on processors that permute them two at a time: the windows of a block come from it and its neighbours in
/// registers, and memory is read in as many even streams as there are blocks.
/// </summary>
internal sealed unsafe partial class CpuLrn
{
    // Columns that go through all blocks together. Blocks often lie a whole number of pages apart, so that their lines share a set of the
    // first-level cache: it holds a few blocks' lines of many columns, not many blocks' of one.
    private const int Chunk = 32;

    private static bool Permutes(in Window w) => Avx512F.IsSupported && w.Step == 1 && w.Half < Lane.Count;

    private static void ForwardPermuted(in Window w, float* x, long xStride, float* y, long yStride, int length)
    {
        for (int first = 0; first < length; first += Chunk * Lane.Count)
            ForwardChunk(w, x + first, xStride, y + first, yStride, Math.Min(Chunk * Lane.Count, length - first));
    }

    private static void BackwardPermuted(
        in Window w, float* x, long xStride, float* dy, long dyStride, float* dx, long dxStride, int length, bool add)
    {
        float* memory = stackalloc float[5 * Chunk * Lane.Count + Lane.Count], workspace = (float*)(((nuint)memory + 63) / 64 * 64);
        for (int first = 0; first < length; first += Chunk * Lane.Count)
        {
            BackwardChunk(
                w, x + first, xStride, dy + first, dyStride, dx + first, dxStride, Math.Min(Chunk * Lane.Count, length - first), add, workspace);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ForwardChunk(in Window w, float* x, long xStride, float* y, long yStride, int length)
    {
        int vectors = w.Vectors, half = w.Half;
        float beta = w.Beta;
        Vector512<float> scale = Vector512.Create(w.Scale), k = Vector512.Create(w.K);
        for (int v = 0; v < vectors; v++, x += xStride, y += yStride)
        {
            Vector512<float> mask = v == vectors - 1 ? w.LastBlock : Vector512<float>.AllBitsSet;
            Vector512<float> hasBefore = v > 0 ? Vector512<float>.AllBitsSet : default, hasAfter = v < vectors - 1 ? Vector512<float>.AllBitsSet : default;
            float* before = v > 0 ? x - xStride : x, after = v < vectors - 1 ? x + xStride : x;
            float* ahead = v < vectors - 2 ? x + 2 * xStride : x, aheadY = v < vectors - 1 ? y + yStride : y;
            for (int i = 0; i < length; i += Lane.Count)
            {
                Lane.Prefetch(ahead + i);
                Lane.Prefetch(aheadY + i);
                Vector512<float> value = Vector512.Load(x + i), low = Vector512.Load(before + i) & hasBefore, high = Vector512.Load(after + i) & hasAfter;
                Vector512<float> result = value * Power(k + scale * Around(half, low * low, value * value, high * high), beta, out _);
                (result & mask).Store(y + i);
            }
        }
    }

    // terms: dy · x · t^(−β−1); products: dy · t^−β. A block's dx is written once the next block's terms are known.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void BackwardChunk(
        in Window w, float* x, long xStride, float* dy, long dyStride, float* dx, long dxStride, int length, bool add, float* workspace)
    {
        int vectors = w.Vectors, half = w.Half;
        float beta = w.Beta;
        Vector512<float> scale = Vector512.Create(w.Scale), k = Vector512.Create(w.K), factor = Vector512.Create(2 * w.Scale * beta);
        float* termBefore = workspace, term = termBefore + Chunk * Lane.Count, nextTerm = term + Chunk * Lane.Count;
        float* product = nextTerm + Chunk * Lane.Count, nextProduct = product + Chunk * Lane.Count;
        new Span<float>(workspace, 2 * Chunk * Lane.Count).Clear();
        for (int v = 0; v <= vectors; v++, x += xStride, dy += dyStride, dx += dxStride)
        {
            if (v == vectors)
            {
                new Span<float>(nextTerm, length).Clear();
            }
            else
            {
                Vector512<float> mask = v == vectors - 1 ? w.LastBlock : Vector512<float>.AllBitsSet;
                Vector512<float> hasBefore = v > 0 ? Vector512<float>.AllBitsSet : default, hasAfter = v < vectors - 1 ? Vector512<float>.AllBitsSet : default;
                float* before = v > 0 ? x - xStride : x, after = v < vectors - 1 ? x + xStride : x;
                float* ahead = v < vectors - 2 ? x + 2 * xStride : x, aheadDy = v < vectors - 1 ? dy + dyStride : dy;
                for (int i = 0; i < length; i += Lane.Count)
                {
                    Lane.Prefetch(ahead + i);
                    Lane.Prefetch(aheadDy + i);
                    Lane.Prefetch(dx + i);
                    Vector512<float> value = Vector512.Load(x + i), low = Vector512.Load(before + i) & hasBefore, high = Vector512.Load(after + i) & hasAfter;
                    Vector512<float> t = k + scale * Around(half, low * low, value * value, high * high);
                    Vector512<float> result = Vector512.Load(dy + i) * Power(t, beta, out Vector512<float> inverse) & mask;
                    result.Store(nextProduct + i);
                    (result * value * inverse & mask).Store(nextTerm + i);
                }
            }
            if (v > 0)
            {
                float* from = x - xStride, to = dx - dxStride;
                for (int i = 0; i < length; i += Lane.Count)
                {
                    Vector512<float> sum = Around(half, Vector512.Load(termBefore + i), Vector512.Load(term + i), Vector512.Load(nextTerm + i));
                    Vector512<float> result = Vector512.Load(product + i) - factor * Vector512.Load(from + i) * sum;
                    (add ? result + Vector512.Load(to + i) : result).Store(to + i);
                }
            }
            float* oldest = termBefore, used = product;
            termBefore = term;
            term = nextTerm;
            nextTerm = oldest;
            product = nextProduct;
            nextProduct = used;
        }
    }

    // Σ over the window around each lane of a block between two others.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Around(int half, Vector512<float> before, Vector512<float> here, Vector512<float> after)
    {
        Vector512<int> lanes = Vector512<int>.Indices;
        Vector512<float> sum = here;
        if (half == 2)
        {
            sum += Shifted(before, here, lanes + Vector512.Create(Lane.Count - 1)) + Shifted(here, after, lanes + Vector512.Create(1));
            return sum + (Shifted(before, here, lanes + Vector512.Create(Lane.Count - 2)) + Shifted(here, after, lanes + Vector512.Create(2)));
        }
        for (int j = 1; j <= half; j++)
            sum += Shifted(before, here, lanes + Vector512.Create(Lane.Count - j)) + Shifted(here, after, lanes + Vector512.Create(j));
        return sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Shifted(Vector512<float> low, Vector512<float> high, Vector512<int> from) => Avx512F.PermuteVar16x32x2(low, from, high);
}

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
    // Floats: more streams than the processor follows by itself.
    private const int Ahead = 8 * Lane.Count;

    private static bool Permutes(in Window w) => Avx512F.IsSupported && w.Step == 1 && w.Half < Lane.Count;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ForwardPermuted(in Window w, float* x, long xStride, float* y, long yStride, int length)
    {
        int vectors = w.Vectors, half = w.Half;
        float beta = w.Beta;
        Vector512<float> scale = Vector512.Create(w.Scale), k = Vector512.Create(w.K);
        for (float* end = x + length; x < end; x += Lane.Count, y += Lane.Count)
        {
            Vector512<float> value = Vector512.Load(x), square = value * value, before = default;
            float* from = x, to = y;
            for (int v = 1; v <= vectors; v++, to += yStride)
            {
                Sse.Prefetch0(from + Ahead);
                Sse.Prefetch0(to + Ahead);
                from += xStride;
                Vector512<float> nextValue = v < vectors ? Vector512.Load(from) : default, next = nextValue * nextValue;
                Vector512<float> result = value * Power(k + scale * Around(half, before, square, next), beta, out _);
                (v == vectors ? result & w.LastBlock : result).Store(to);
                (before, square, value) = (square, next, nextValue);
            }
        }
    }

    // terms: dy · x · t^(−β−1); products: dy · t^−β. A block's dx is written once the next block's terms are known.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void BackwardPermuted(
        in Window w, float* x, long xStride, float* dy, long dyStride, float* dx, long dxStride, int length, bool add)
    {
        int vectors = w.Vectors, half = w.Half;
        float beta = w.Beta;
        Vector512<float> scale = Vector512.Create(w.Scale), k = Vector512.Create(w.K), factor = Vector512.Create(2 * w.Scale * beta);
        for (float* end = x + length; x < end; x += Lane.Count, dy += Lane.Count, dx += Lane.Count)
        {
            Vector512<float> value = Vector512.Load(x), square = value * value, squareBefore = default;
            Vector512<float> term = default, termBefore = default, product = default, valueBefore = default;
            float* from = x, gradient = dy, to = dx - dxStride;
            for (int v = 1; v <= vectors + 1; v++, to += dxStride)
            {
                Vector512<float> nextTerm = default, nextProduct = default, nextValue = default, next = default;
                if (v <= vectors)
                {
                    Sse.Prefetch0(from + Ahead);
                    Sse.Prefetch0(gradient + Ahead);
                    from += xStride;
                    if (v < vectors)
                    {
                        nextValue = Vector512.Load(from);
                        next = nextValue * nextValue;
                    }
                    nextProduct = Vector512.Load(gradient) * Power(k + scale * Around(half, squareBefore, square, next), beta, out Vector512<float> inverse);
                    nextTerm = nextProduct * value * inverse;
                    if (v == vectors) (nextProduct, nextTerm) = (nextProduct & w.LastBlock, nextTerm & w.LastBlock);
                    gradient += dyStride;
                }
                if (v > 1)
                {
                    Sse.Prefetch0(to + Ahead);
                    Vector512<float> result = product - factor * valueBefore * Around(half, termBefore, term, nextTerm);
                    (add ? result + Vector512.Load(to) : result).Store(to);
                }
                (termBefore, term, product) = (term, nextTerm, nextProduct);
                (squareBefore, square, valueBefore, value) = (square, next, value, nextValue);
            }
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

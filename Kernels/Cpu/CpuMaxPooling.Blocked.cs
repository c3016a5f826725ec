using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace EvenNet.Kernels.Cpu;

// One row of whole windows, sixteen channels at a time. Columns that two neighbouring windows share stay in registers.
internal sealed unsafe partial class CpuMaxPooling
{
    // Floats: every loop asks for what it needs a page later, at which the processor's own look-ahead ends.
    private const int Ahead = 1024;

    // The next position in row order: takes the gradient that is left in the lanes where it holds the largest value.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Give(ref Vector512<float> g, Vector512<float> largest, Vector512<float> x, Vector512<float> dx)
    {
        dx = Vector512.ConditionalSelect(Vector512.Equals(x, largest), dx + g, dx);
        g = Vector512.ConditionalSelect(Vector512.Equals(x, largest), Vector512<float>.Zero, g);
        return dx;
    }

    // The largest of one column's three rows.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Column(float* a, float* b, float* c) =>
        Vector512.MaxNative(Vector512.MaxNative(Vector512.Load(a), Vector512.Load(b)), Vector512.Load(c));

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ThreeWideStepTwo(float* a, float* b, float* c, float* y, int count)
    {
        Vector512<float> left = count > 0 ? Column(a, b, c) : default;
        for (; count > 0; count--, a += 32, b += 32, c += 32, y += 16)
        {
            Lane.Prefetch(b + Ahead);
            Lane.Prefetch(b + Ahead + 16);
            Lane.Prefetch(c + Ahead);
            Lane.Prefetch(c + Ahead + 16);
            Vector512<float> middle = Column(a + 16, b + 16, c + 16), right = Column(a + 32, b + 32, c + 32);
            Vector512.MaxNative(Vector512.MaxNative(left, middle), right).Store(y);
            left = right;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ThreeWideStepOne(float* a, float* b, float* c, float* y, int count)
    {
        Vector512<float> left = default, middle = default;
        if (count > 0) (left, middle) = (Column(a, b, c), Column(a + 16, b + 16, c + 16));
        for (; count > 0; count--, a += 16, b += 16, c += 16, y += 16)
        {
            Lane.Prefetch(c + Ahead);
            Vector512<float> right = Column(a + 32, b + 32, c + 32);
            Vector512.MaxNative(Vector512.MaxNative(left, middle), right).Store(y);
            (left, middle) = (middle, right);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void TwoByTwo(float* a, float* b, float* y, int count)
    {
        for (; count > 0; count--, a += 32, b += 32, y += 16)
        {
            Vector512<float> left = Vector512.MaxNative(Vector512.Load(a), Vector512.Load(b));
            Vector512.MaxNative(left, Vector512.MaxNative(Vector512.Load(a + 16), Vector512.Load(b + 16))).Store(y);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void TwoByTwoGradient(float* x, float* y, float* dy, float* dx, int count, bool add)
    {
        float* x1 = x + X.RowStride, dx1 = dx + Dx.RowStride;
        Vector512<float> d00 = default, d01 = default, d10 = default, d11 = default;
        for (; count > 0; count--, x += 32, x1 += 32, dx += 32, dx1 += 32, y += 16, dy += 16)
        {
            Vector512<float> largest = Vector512.Load(y), g = Vector512.Load(dy);
            if (add) (d00, d01, d10, d11) = (Vector512.Load(dx), Vector512.Load(dx + 16), Vector512.Load(dx1), Vector512.Load(dx1 + 16));
            Give(ref g, largest, Vector512.Load(x), d00).Store(dx);
            Give(ref g, largest, Vector512.Load(x + 16), d01).Store(dx + 16);
            Give(ref g, largest, Vector512.Load(x1), d10).Store(dx1);
            Give(ref g, largest, Vector512.Load(x1 + 16), d11).Store(dx1 + 16);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Prefetch(float* y, float* dy, float* x, float* dx)
    {
        Lane.Prefetch(y + Ahead);
        Lane.Prefetch(dy + Ahead);
        Lane.Prefetch(x + Ahead);
        Lane.Prefetch(dx + Ahead);
    }

    // The window's right column is the next window's left one: its values and its gradients stay in registers.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void ThreeByThreeStepTwoGradient(float* x, float* y, float* dy, float* dx, int count)
    {
        if (count <= 0) return;
        float* x1 = x + X.RowStride, x2 = x1 + X.RowStride, dx1 = dx + Dx.RowStride, dx2 = dx1 + Dx.RowStride;
        Vector512<float> v0 = Vector512.Load(x), v1 = Vector512.Load(x1), v2 = Vector512.Load(x2);
        Vector512<float> d0 = Vector512.Load(dx), d1 = Vector512.Load(dx1), d2 = Vector512.Load(dx2);
        for (; count > 0; count--, x += 32, x1 += 32, x2 += 32, dx += 32, dx1 += 32, dx2 += 32, y += 16, dy += 16)
        {
            Prefetch(y, dy, x1, dx1);
            Lane.Prefetch(x1 + Ahead + 16);
            Lane.Prefetch(dx1 + Ahead + 16);
            Lane.Prefetch(x2 + Ahead);
            Lane.Prefetch(dx2 + Ahead);
            Lane.Prefetch(x2 + Ahead + 16);
            Lane.Prefetch(dx2 + Ahead + 16);
            Vector512<float> largest = Vector512.Load(y), g = Vector512.Load(dy);
            Give(ref g, largest, v0, d0).Store(dx);
            Give(ref g, largest, Vector512.Load(x + 16), Vector512.Load(dx + 16)).Store(dx + 16);
            v0 = Vector512.Load(x + 32);
            d0 = Give(ref g, largest, v0, Vector512.Load(dx + 32));
            Give(ref g, largest, v1, d1).Store(dx1);
            Give(ref g, largest, Vector512.Load(x1 + 16), Vector512.Load(dx1 + 16)).Store(dx1 + 16);
            v1 = Vector512.Load(x1 + 32);
            d1 = Give(ref g, largest, v1, Vector512.Load(dx1 + 32));
            Give(ref g, largest, v2, d2).Store(dx2);
            Give(ref g, largest, Vector512.Load(x2 + 16), Vector512.Load(dx2 + 16)).Store(dx2 + 16);
            v2 = Vector512.Load(x2 + 32);
            d2 = Give(ref g, largest, v2, Vector512.Load(dx2 + 32));
        }
        d0.Store(dx);
        d1.Store(dx1);
        d2.Store(dx2);
    }

    // Two of the window's columns are the next window's: v and d hold the left, e and f the middle column.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void ThreeByThreeStepOneGradient(float* x, float* y, float* dy, float* dx, int count)
    {
        if (count <= 0) return;
        float* x1 = x + X.RowStride, x2 = x1 + X.RowStride, dx1 = dx + Dx.RowStride, dx2 = dx1 + Dx.RowStride;
        Vector512<float> v0 = Vector512.Load(x), v1 = Vector512.Load(x1), v2 = Vector512.Load(x2);
        Vector512<float> d0 = Vector512.Load(dx), d1 = Vector512.Load(dx1), d2 = Vector512.Load(dx2);
        Vector512<float> e0 = Vector512.Load(x + 16), e1 = Vector512.Load(x1 + 16), e2 = Vector512.Load(x2 + 16);
        Vector512<float> f0 = Vector512.Load(dx + 16), f1 = Vector512.Load(dx1 + 16), f2 = Vector512.Load(dx2 + 16);
        for (; count > 0; count--, x += 16, x1 += 16, x2 += 16, dx += 16, dx1 += 16, dx2 += 16, y += 16, dy += 16)
        {
            Prefetch(y, dy, x2, dx2);
            Vector512<float> largest = Vector512.Load(y), g = Vector512.Load(dy);
            Vector512<float> r0 = Vector512.Load(x + 32), r1 = Vector512.Load(x1 + 32), r2 = Vector512.Load(x2 + 32);
            Give(ref g, largest, v0, d0).Store(dx);
            d0 = Give(ref g, largest, e0, f0);
            f0 = Give(ref g, largest, r0, Vector512.Load(dx + 32));
            Give(ref g, largest, v1, d1).Store(dx1);
            d1 = Give(ref g, largest, e1, f1);
            f1 = Give(ref g, largest, r1, Vector512.Load(dx1 + 32));
            Give(ref g, largest, v2, d2).Store(dx2);
            d2 = Give(ref g, largest, e2, f2);
            f2 = Give(ref g, largest, r2, Vector512.Load(dx2 + 32));
            (v0, v1, v2, e0, e1, e2) = (e0, e1, e2, r0, r1, r2);
        }
        d0.Store(dx);
        d1.Store(dx1);
        d2.Store(dx2);
        f0.Store(dx + 16);
        f1.Store(dx1 + 16);
        f2.Store(dx2 + 16);
    }
}

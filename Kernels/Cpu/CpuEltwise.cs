using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using EvenNet.Framework;

namespace EvenNet.Kernels.Cpu;

/// <summary>
/// y = Σ coefficient[k] · x[k], Π x[k] or max x[k], element by element; of equal largest the first gets the gradient. Blocked where every
/// input arrives blocked, else plain.
/// </summary>
internal sealed unsafe class CpuEltwise : Kernel
{
    private readonly Threads threads;
    private readonly Eltwise layer;
    private readonly CpuTensor[] x, dx;
    private readonly bool[] wanted, accumulate;
    private readonly CpuTensor y, dy;
    private readonly CpuTensorPieces forwardPieces, backwardPieces;
    private readonly Action<int, int> forward, backward;

    private CpuEltwise(Bindings b, Eltwise layer, Threads threads)
    {
        (this.threads, this.layer) = (threads, layer);
        x = [.. b.Inputs.Select(t => new CpuTensor(t))];
        y = new CpuTensor(b.Output);
        forwardPieces = new CpuTensorPieces([y, .. x]);
        wanted = [.. b.InputGradients.Select(t => t is not null)];
        accumulate = [.. b.Accumulate];
        dx = [.. b.InputGradients.Select(t => t is null ? default : new CpuTensor(t))];
        if (wanted.Contains(true))
        {
            dy = new CpuTensor(b.OutputGradient!);
            backwardPieces = new CpuTensorPieces([dy, .. x, .. dx.Where((_, k) => wanted[k])]);
        }
        (forward, backward) = (ForwardPiece, BackwardPiece);
    }

    public static KernelOffer? Offer(KernelRequest r, Threads threads)
    {
        if (r.Layer is not Eltwise layer) return null;
        LayoutKind kind = CpuTensor.Arriving(r);
        (string name, BackwardReads keeps) = layer.Kind switch
        {
            EltwiseKind.Sum => ("cpu.sum", BackwardReads.None),
            EltwiseKind.Product => ("cpu.product", BackwardReads.Inputs),
            _ => ("cpu.max", BackwardReads.Inputs),
        };
        return new(name, [.. r.Inputs.Select(_ => new Layout(kind))], kind, keeps, b => new CpuEltwise(b, layer, threads));
    }

    public override void Forward(Phase phase) => threads.For(forwardPieces.Count, forward);

    public override void Backward() => threads.For(backwardPieces.Count, backward);

    private void ForwardPiece(int worker, int piece)
    {
        float** rows = stackalloc float*[x.Length];
        for (int h = 0; h < forwardPieces.Rows; h++)
        {
            for (int k = 0; k < x.Length; k++) rows[k] = forwardPieces.Row(x[k], piece, h);
            ForwardRow(rows, forwardPieces.Row(y, piece, h), forwardPieces.Length(piece));
        }
        forwardPieces.ClearBorder(y, piece);
    }

    // All inputs of a piece in one task: an input that comes twice adds to what its first appearance wrote.
    private void BackwardPiece(int worker, int piece)
    {
        float** rows = stackalloc float*[x.Length];
        for (int k = 0; k < x.Length; k++)
        {
            if (!wanted[k]) continue;
            for (int h = 0; h < backwardPieces.Rows; h++)
            {
                for (int j = 0; j < x.Length; j++) rows[j] = backwardPieces.Row(x[j], piece, h);
                BackwardRow(k, rows, backwardPieces.Row(dy, piece, h), backwardPieces.Row(dx[k], piece, h), backwardPieces.Length(piece));
            }
            if (!accumulate[k]) backwardPieces.ClearBorder(dx[k], piece);
        }
    }

    // Two at a time: the value so far stays in the first-level cache.
    private void ForwardRow(float** x, float* y, int length)
    {
        for (int k = 1; k < this.x.Length; k++)
        {
            float* before = k == 1 ? x[0] : y;
            float first = k == 1 ? layer.Coefficient(0) : 1, next = layer.Coefficient(k);
            if (layer.Kind == EltwiseKind.Sum) Combine<N0>(before, first, x[k], next, y, length);
            else if (layer.Kind == EltwiseKind.Product) Combine<N1>(before, first, x[k], next, y, length);
            else Combine<N2>(before, first, x[k], next, y, length);
        }
    }

    private void BackwardRow(int input, float** x, float* dy, float* dx, int length)
    {
        bool add = accumulate[input];
        if (layer.Kind == EltwiseKind.Sum) Share(dy, dx, length, layer.Coefficient(input), add);
        else if (layer.Kind == EltwiseKind.Product) Others(x, this.x.Length, input, dy, dx, length, add);
        else if (this.x.Length > 2) Largest(x, this.x.Length, input, dy, dx, length, add);
        else if (input == 0) Larger<N0>(x[0], x[1], dy, dx, length, add);
        else Larger<N1>(x[1], x[0], dy, dx, length, add);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Combined<TKind>(Vector512<float> a, float first, Vector512<float> b, float next) where TKind : IConstant =>
        TKind.Value == 0 ? a * first + b * next : TKind.Value == 1 ? a * b : Vector512.Max(a, b);

    // TKind: 0 first · a + next · b, 1 a · b, 2 max(a, b).
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Combine<TKind>(float* a, float first, float* b, float next, float* y, int length) where TKind : IConstant
    {
        int i = 0;
        for (; i <= length - Lane.Count; i += Lane.Count) Combined<TKind>(Vector512.Load(a + i), first, Vector512.Load(b + i), next).Store(y + i);
        if (i < length) Lane.Store(Combined<TKind>(Lane.Load(a + i, length - i), first, Lane.Load(b + i, length - i), next), y + i, length - i);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Share(float* dy, float* dx, int length, float coefficient, bool add)
    {
        int i = 0;
        for (; i <= length - Lane.Count; i += Lane.Count)
        {
            Vector512<float> g = Vector512.Load(dy + i) * coefficient;
            (add ? g + Vector512.Load(dx + i) : g).Store(dx + i);
        }
        for (; i < length; i++) dx[i] = add ? dy[i] * coefficient + dx[i] : dy[i] * coefficient;
    }

    // TSecond: whether another value wins that is as large.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Larger<TSecond>(float* mine, float* other, float* dy, float* dx, int length, bool add) where TSecond : IConstant
    {
        int i = 0;
        for (; i <= length - Lane.Count; i += Lane.Count)
        {
            Vector512<float> a = Vector512.Load(mine + i), b = Vector512.Load(other + i);
            Vector512<float> g = Vector512.Load(dy + i) & (TSecond.Value == 0 ? Vector512.GreaterThanOrEqual(a, b) : Vector512.GreaterThan(a, b));
            (add ? g + Vector512.Load(dx + i) : g).Store(dx + i);
        }
        for (; i < length; i++)
        {
            float g = (TSecond.Value == 0 ? mine[i] >= other[i] : mine[i] > other[i]) ? dy[i] : 0;
            dx[i] = add ? g + dx[i] : g;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Largest(float** x, int inputs, int input, float* dy, float* dx, int length, bool add)
    {
        for (int i = 0; i < length; i += Lane.Count)
        {
            int left = length - i;
            Vector512<float> g = Lane.Load(dy + i, left), mine = Lane.Load(x[input] + i, left);
            for (int k = 0; k < inputs; k++)
            {
                if (k == input) continue;
                Vector512<float> other = Lane.Load(x[k] + i, left);
                g &= k < input ? Vector512.GreaterThan(mine, other) : Vector512.GreaterThanOrEqual(mine, other);
            }
            Lane.Store(add ? g + Lane.Load(dx + i, left) : g, dx + i, left);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Others(float** x, int inputs, int input, float* dy, float* dx, int length, bool add)
    {
        for (int i = 0; i < length; i += Lane.Count)
        {
            int left = length - i;
            Vector512<float> g = Lane.Load(dy + i, left);
            for (int k = 0; k < inputs; k++)
                if (k != input) g *= Lane.Load(x[k] + i, left);
            Lane.Store(add ? g + Lane.Load(dx + i, left) : g, dx + i, left);
        }
    }
}

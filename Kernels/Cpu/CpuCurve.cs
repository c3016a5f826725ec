using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using EvenNet.Framework;

namespace EvenNet.Kernels.Cpu;

/// <summary>A function of one number whose value tells its slope, as a type argument: the loops over memory are compiled for each.</summary>
internal interface ICurve
{
    /// <summary>f(x); alpha and beta are the layer's constants.</summary>
    static abstract Vector512<float> Value(Vector512<float> x, Vector512<float> alpha, Vector512<float> beta);

    /// <summary>f′(x) from what the offer keeps: y = f(x), or x.</summary>
    static abstract Vector512<float> Slope(Vector512<float> kept, Vector512<float> alpha, Vector512<float> beta);

    /// <summary>Whether f(0) = 0, so that the zeros after a last block's channels stay zeros.</summary>
    static abstract bool KeepsZero { get; }
}

/// <summary>
/// y = f(x) and dx = dy · f′(x), in the order that x arrives in. Backward keeps y, which the next layer keeps anyway, or x where only that tells the slope.
/// </summary>
internal sealed unsafe class CpuCurve<TCurve> : Kernel where TCurve : ICurve
{
    private readonly Threads threads;
    private readonly float alpha, beta;
    private readonly bool accumulate, hasTail;
    private readonly CpuTensor x, y, kept, dx, dy;
    private readonly CpuTensorPieces forwardPieces, backwardPieces;
    private readonly Action<int, int> forward, backward;

    private CpuCurve(Bindings b, float alpha, float beta, BackwardReads keeps, Threads threads)
    {
        (this.threads, this.alpha, this.beta, accumulate) = (threads, alpha, beta, b.Accumulate[0]);
        (x, y) = (new CpuTensor(b.Inputs[0]), new CpuTensor(b.Output));
        kept = keeps == BackwardReads.Output ? y : x;
        hasTail = !TCurve.KeepsZero && y.Lanes > 1 && y.Channels % y.Lanes != 0;
        forwardPieces = new CpuTensorPieces(byPlanes: hasTail, x, y);
        if (b.InputGradients[0] is { } gradient)
        {
            (dx, dy) = (new CpuTensor(gradient), new CpuTensor(b.OutputGradient!));
            backwardPieces = new CpuTensorPieces(kept, dx, dy);
        }
        (forward, backward) = (ForwardPiece, BackwardPiece);
    }

    public static KernelOffer Offer(KernelRequest r, string name, float alpha, Threads threads, BackwardReads keeps = BackwardReads.Output, float beta = 0)
    {
        LayoutKind kind = CpuTensor.Arriving(r);
        return new(name, [new Layout(kind)], kind, keeps, b => new CpuCurve<TCurve>(b, alpha, beta, keeps, threads));
    }

    public override void Forward(Phase phase) => threads.For(forwardPieces.Count, forward);

    public override void Backward() => threads.For(backwardPieces.Count, backward);

    private void ForwardPiece(int worker, int piece)
    {
        Vector512<float> mask = hasTail && (piece + 1) % y.Planes == 0 ? Lane.LastBlock(y.Channels) : Vector512<float>.AllBitsSet;
        for (int h = 0; h < forwardPieces.Rows; h++)
            ForwardRow(forwardPieces.Row(x, piece, h), forwardPieces.Row(y, piece, h), forwardPieces.Length(piece), alpha, beta, mask);
        forwardPieces.ClearBorder(y, piece);
    }

    private void BackwardPiece(int worker, int piece)
    {
        for (int h = 0; h < backwardPieces.Rows; h++)
        {
            BackwardRow(backwardPieces.Row(kept, piece, h), backwardPieces.Row(dy, piece, h), backwardPieces.Row(dx, piece, h),
                backwardPieces.Length(piece), alpha, beta, accumulate);
        }
        if (!accumulate) backwardPieces.ClearBorder(dx, piece);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ForwardRow(float* x, float* y, int length, float alpha, float beta, Vector512<float> mask)
    {
        Vector512<float> a = Vector512.Create(alpha), c = Vector512.Create(beta);
        int i = 0;
        for (; i <= length - Lane.Count; i += Lane.Count) (TCurve.Value(Vector512.Load(x + i), a, c) & mask).Store(y + i);
        if (i < length) Lane.Store(TCurve.Value(Lane.Load(x + i, length - i), a, c), y + i, length - i);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void BackwardRow(float* kept, float* dy, float* dx, int length, float alpha, float beta, bool add)
    {
        Vector512<float> a = Vector512.Create(alpha), c = Vector512.Create(beta);
        int i = 0;
        for (; i <= length - Lane.Count; i += Lane.Count)
        {
            Vector512<float> g = Vector512.Load(dy + i) * TCurve.Slope(Vector512.Load(kept + i), a, c);
            (add ? g + Vector512.Load(dx + i) : g).Store(dx + i);
        }
        if (i == length) return;
        Vector512<float> last = Lane.Load(dy + i, length - i) * TCurve.Slope(Lane.Load(kept + i, length - i), a, c);
        Lane.Store(add ? last + Lane.Load(dx + i, length - i) : last, dx + i, length - i);
    }
}

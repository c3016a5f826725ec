using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using EvenNet.Framework;

namespace EvenNet.Kernels.Cpu;

/// <summary>
/// y = x where x is positive, else slope · x, in the order that x arrives in. With a slope of zero or more the sign of y says where x was
/// positive, so backward keeps y, which the next layer keeps anyway, and not x.
/// </summary>
internal sealed unsafe class CpuRelu : Kernel
{
    private readonly Threads threads;
    private readonly float slope;
    private readonly bool accumulate;
    private readonly CpuTensor x, y, sign, dx, dy;
    private readonly CpuTensorPieces forwardPieces, backwardPieces;
    private readonly Action<int, int> forward, backward;

    private CpuRelu(Bindings b, float slope, Threads threads)
    {
        (this.threads, this.slope, accumulate) = (threads, slope, b.Accumulate[0]);
        (x, y) = (new CpuTensor(b.Inputs[0]), new CpuTensor(b.Output));
        sign = Keeps(slope) == BackwardReads.Output ? y : x;
        forwardPieces = new CpuTensorPieces(x, y);
        if (b.InputGradients[0] is { } gradient)
        {
            (dx, dy) = (new CpuTensor(gradient), new CpuTensor(b.OutputGradient!));
            backwardPieces = new CpuTensorPieces(sign, dx, dy);
        }
        (forward, backward) = (ForwardPiece, BackwardPiece);
    }

    public static KernelOffer? Offer(KernelRequest r, Threads threads)
    {
        if (r.Layer is not Relu layer) return null;
        LayoutKind kind = CpuTensor.Arriving(r);
        return new("cpu.relu", [new Layout(kind)], kind, Keeps(layer.Slope), b => new CpuRelu(b, layer.Slope, threads));
    }

    public override void Forward(Phase phase) => threads.For(forwardPieces.Count, forward);

    public override void Backward() => threads.For(backwardPieces.Count, backward);

    private static BackwardReads Keeps(float slope) => slope >= 0 ? BackwardReads.Output : BackwardReads.Inputs;

    private void ForwardPiece(int worker, int piece)
    {
        for (int h = 0; h < forwardPieces.Rows; h++)
            ForwardRow(forwardPieces.Row(x, piece, h), forwardPieces.Row(y, piece, h), forwardPieces.Length(piece), slope);
        forwardPieces.ClearBorder(y, piece);
    }

    private void BackwardPiece(int worker, int piece)
    {
        for (int h = 0; h < backwardPieces.Rows; h++)
        {
            BackwardRow(backwardPieces.Row(sign, piece, h), backwardPieces.Row(dy, piece, h), backwardPieces.Row(dx, piece, h),
                backwardPieces.Length(piece), slope, accumulate);
        }
        if (!accumulate) backwardPieces.ClearBorder(dx, piece);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ForwardRow(float* x, float* y, int length, float slope)
    {
        Vector512<float> s = Vector512.Create(slope);
        int i = 0;
        for (; i <= length - Lane.Count; i += Lane.Count)
        {
            Vector512<float> v = Vector512.Load(x + i);
            Vector512.ConditionalSelect(Vector512.GreaterThan(v, Vector512<float>.Zero), v, s * v).Store(y + i);
        }
        for (; i < length; i++) y[i] = x[i] > 0 ? x[i] : slope * x[i];
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void BackwardRow(float* sign, float* dy, float* dx, int length, float slope, bool accumulate)
    {
        Vector512<float> s = Vector512.Create(slope);
        int i = 0;
        for (; i <= length - Lane.Count; i += Lane.Count)
        {
            Vector512<float> g = Vector512.Load(dy + i);
            g = Vector512.ConditionalSelect(Vector512.GreaterThan(Vector512.Load(sign + i), Vector512<float>.Zero), g, s * g);
            (accumulate ? g + Vector512.Load(dx + i) : g).Store(dx + i);
        }
        for (; i < length; i++)
        {
            float g = sign[i] > 0 ? dy[i] : slope * dy[i];
            dx[i] = accumulate ? g + dx[i] : g;
        }
    }
}

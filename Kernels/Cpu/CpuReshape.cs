using EvenNet.Framework;

namespace EvenNet.Kernels.Cpu;

/// <summary>y = x under another size: a copy, or where the gradient has another writer an addition.</summary>
internal sealed unsafe class CpuReshape : Kernel
{
    private const long Chunk = 1 << 14;
    private readonly Threads threads;
    private readonly bool accumulate;
    private readonly long count;
    private readonly float* x, y, dx, dy;
    private readonly Action<int, int> forward, backward;

    private CpuReshape(Bindings b, Threads threads)
    {
        (this.threads, accumulate, count) = (threads, b.Accumulate[0], b.Output.Count);
        x = CpuTensor.Pointer(b.Inputs[0].Region);
        y = CpuTensor.Pointer(b.Output.Region);
        if (b.InputGradients[0] is { } gradient)
        {
            dx = CpuTensor.Pointer(gradient.Region);
            dy = CpuTensor.Pointer(b.OutputGradient!.Region);
        }
        (forward, backward) = (ForwardPiece, BackwardPiece);
    }

    public static KernelOffer? Offer(KernelRequest r, Threads threads) =>
        r.Layer is Reshape ? new("cpu.reshape", [Layout.Plain], LayoutKind.Plain, BackwardReads.None, b => new CpuReshape(b, threads)) : null;

    public override void Forward(Phase phase) => threads.For(Pieces, forward);

    public override void Backward()
    {
        if (dx != null) threads.For(Pieces, backward);
    }

    private int Pieces => (int)((count + Chunk - 1) / Chunk);

    private void ForwardPiece(int worker, int piece) => Copy(x, y, piece, add: false);

    private void BackwardPiece(int worker, int piece) => Copy(dy, dx, piece, accumulate);

    private void Copy(float* from, float* to, int piece, bool add)
    {
        long first = piece * Chunk;
        CpuTensor.Copy(from + first, to + first, Math.Min(Chunk, count - first), add);
    }
}

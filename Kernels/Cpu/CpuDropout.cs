using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using EvenNet.Framework;
using LayoutKind = EvenNet.Framework.LayoutKind;

namespace EvenNet.Kernels.Cpu;

/// <summary>
/// y = x / (1 − rate) where an element is kept, else 0; in testing y = x. Masks are drawn by logical position, so they agree with every
/// other backend, and drawn again in backward instead of being stored.
/// </summary>
internal sealed unsafe class CpuDropout : Kernel
{
    private const int BitsAtOnce = 1024;
    private readonly Threads threads;
    private readonly uint threshold;
    private readonly float scale;
    private readonly (ulong Seed, uint Stream) random;
    private readonly bool accumulate;
    private readonly CpuTensor x, y, dx, dy;
    private readonly CpuTensorPieces forwardPieces, backwardPieces;
    private readonly Action<int, int> forward, backward;
    private uint draws;
    private bool isActive;

    private CpuDropout(Bindings b, Dropout layer, Threads threads)
    {
        (this.threads, random, accumulate) = (threads, b.Random, b.Accumulate[0]);
        (threshold, scale) = (Philox.Threshold(layer.Rate), (float)(1 / (1 - (double)layer.Rate)));
        (x, y) = (new CpuTensor(b.Inputs[0]), new CpuTensor(b.Output));
        forwardPieces = new CpuTensorPieces(x, y);
        if (b.InputGradients[0] is { } gradient)
        {
            (dx, dy) = (new CpuTensor(gradient), new CpuTensor(b.OutputGradient!));
            backwardPieces = new CpuTensorPieces(dx, dy);
        }
        (forward, backward) = (ForwardPiece, BackwardPiece);
    }

    public static KernelOffer? Offer(KernelRequest r, Threads threads) => r.Layer is Dropout layer
        ? new("cpu.dropout", [Layout.Plain], LayoutKind.Plain, BackwardReads.None, b => new CpuDropout(b, layer, threads))
        : null;

    public override void BeginPass(uint pass) => draws = pass;

    public override void Forward(Phase phase)
    {
        isActive = phase == Phase.Train;
        if (isActive) draws++;
        threads.For(forwardPieces.Count, forward);
    }

    public override void Backward() => threads.For(backwardPieces.Count, backward);

    private void ForwardPiece(int worker, int piece)
    {
        for (int h = 0; h < forwardPieces.Rows; h++)
        {
            Row(forwardPieces.Row(x, piece, h), forwardPieces.Row(y, piece, h), forwardPieces.First(piece, h),
                forwardPieces.Length(piece), add: false);
        }
        forwardPieces.ClearBorder(y, piece);
    }

    private void BackwardPiece(int worker, int piece)
    {
        for (int h = 0; h < backwardPieces.Rows; h++)
        {
            Row(backwardPieces.Row(dy, piece, h), backwardPieces.Row(dx, piece, h), backwardPieces.First(piece, h),
                backwardPieces.Length(piece), accumulate);
        }
        if (!accumulate) backwardPieces.ClearBorder(dx, piece);
    }

    // first: logical position of the row's first element.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Row(float* from, float* to, long first, int length, bool add)
    {
        uint* bits = stackalloc uint[BitsAtOnce];
        Vector512<uint> t = Vector512.Create(threshold);
        Vector512<float> s = Vector512.Create(scale);
        for (int start = 0, count; start < length; start += count)
        {
            // Bits come from a multiple of four on.
            int skip = (int)((first + start) % 4);
            count = Math.Min(BitsAtOnce - Lane.Count, length - start);
            if (isActive) Philox.UniformBits(random.Seed, random.Stream, draws - 1, (ulong)(first + start - skip), new Span<uint>(bits, skip + count));
            for (int i = 0; i < count; i += Lane.Count)
            {
                int left = count - i;
                Vector512<float> v = Lane.Load(from + start + i, left);
                if (isActive) v = (v * s) & Vector512.GreaterThanOrEqual(Vector512.Load(bits + skip + i), t).AsSingle();
                if (add) v += Lane.Load(to + start + i, left);
                Lane.Store(v, to + start + i, left);
            }
        }
    }
}

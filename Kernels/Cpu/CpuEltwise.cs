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

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void ForwardRow(float** x, float* y, int length)
    {
        EltwiseKind kind = layer.Kind;
        int inputs = this.x.Length;
        for (int i = 0; i < length; i += Lane.Count)
        {
            int left = length - i;
            Vector512<float> value = Lane.Load(x[0] + i, left);
            if (kind == EltwiseKind.Sum) value *= layer.Coefficient(0);
            for (int k = 1; k < inputs; k++)
            {
                Vector512<float> next = Lane.Load(x[k] + i, left);
                value = kind == EltwiseKind.Sum ? value + next * layer.Coefficient(k)
                    : kind == EltwiseKind.Product ? value * next : Vector512.Max(value, next);
            }
            Lane.Store(value, y + i, left);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void BackwardRow(int input, float** x, float* dy, float* dx, int length)
    {
        EltwiseKind kind = layer.Kind;
        bool add = accumulate[input];
        int inputs = this.x.Length;
        for (int i = 0; i < length; i += Lane.Count)
        {
            int left = length - i;
            Vector512<float> g = Lane.Load(dy + i, left);
            if (kind == EltwiseKind.Sum) g *= layer.Coefficient(input);
            else if (kind == EltwiseKind.Product)
            {
                for (int k = 0; k < inputs; k++)
                    if (k != input) g *= Lane.Load(x[k] + i, left);
            }
            else
            {
                Vector512<float> mine = Lane.Load(x[input] + i, left);
                for (int k = 0; k < inputs; k++)
                {
                    if (k == input) continue;
                    Vector512<float> other = Lane.Load(x[k] + i, left);
                    g &= k < input ? Vector512.GreaterThan(mine, other) : Vector512.GreaterThanOrEqual(mine, other);
                }
            }
            if (add) g += Lane.Load(dx + i, left);
            Lane.Store(g, dx + i, left);
        }
    }
}

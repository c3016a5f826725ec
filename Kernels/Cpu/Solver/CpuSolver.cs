using System.Runtime.CompilerServices;
using EvenNet.Framework;

namespace EvenNet.Kernels.Cpu;

/// <summary>A solver's step on one parameter in one pass over memory; clears the gradients it has used.</summary>
internal sealed unsafe class CpuSolver<TStep> where TStep : struct, ISolverStep
{
    // Elements of one task, and of a piece whose gradients are cleared while the first cache holds them.
    private const int Chunk = 1 << 16, Piece = 1 << 10;

    private readonly Threads threads;
    private readonly Action<int, int> run;

    // The call in progress.
    private TStep step;
    private float* w, g;
    private long count;

    public CpuSolver(Threads threads)
    {
        this.threads = threads;
        run = Run;
    }

    public void Step(in TStep step, Region values, Region gradients)
    {
        this.step = step;
        w = CpuTensor.Pointer(values);
        g = CpuTensor.Pointer(gradients);
        count = values.Count;
        threads.For((int)((count + Chunk - 1) / Chunk), run);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Run(int worker, int task)
    {
        long end = Math.Min((task + 1L) * Chunk, count);
        for (long i = (long)task * Chunk; i < end; i += Piece)
        {
            int length = (int)Math.Min(Piece, end - i);
            step.Apply(w + i, g + i, i, length);
            new Span<float>(g + i, length).Clear();
        }
    }
}

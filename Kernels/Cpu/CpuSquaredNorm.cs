using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using EvenNet.Framework;

namespace EvenNet.Kernels.Cpu;

/// <summary>Σ x² in double, chunk by chunk, the chunks added up in their order. Allocates only when a region is larger than any before.</summary>
internal sealed unsafe class CpuSquaredNorm
{
    private const int ChunkSize = 1 << 15;
    private readonly Threads threads;
    private readonly Action<int, int> chunk;
    private double[] sums = [];
    private float* start;
    private long count;

    public CpuSquaredNorm(Threads threads) => (this.threads, chunk) = (threads, Chunk);

    public double Of(Region region)
    {
        start = CpuTensor.Pointer(region);
        count = region.Count;
        int chunks = (int)((count + ChunkSize - 1) / ChunkSize);
        if (sums.Length < chunks) sums = new double[chunks];
        threads.For(chunks, chunk);
        double total = 0;
        for (int i = 0; i < chunks; i++) total += sums[i];
        return total;
    }

    private void Chunk(int worker, int index) =>
        sums[index] = SumOfSquares(start + (long)index * ChunkSize, (int)Math.Min(ChunkSize, count - (long)index * ChunkSize));

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static double SumOfSquares(float* x, int length)
    {
        Vector512<double> low = Vector512<double>.Zero, high = Vector512<double>.Zero;
        for (int i = 0; i < length; i += Lane.Count)
        {
            (Vector512<double> a, Vector512<double> b) = Vector512.Widen(Lane.Load(x + i, length - i));
            low += a * a;
            high += b * b;
        }
        return Vector512.Sum(low + high);
    }
}

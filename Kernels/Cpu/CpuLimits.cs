using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using EvenNet.Framework;

namespace EvenNet.Kernels.Cpu;

/// <summary>
/// What the processor can do at the most on all threads: multiply-adds of the widest vectors in registers, and passes over memory far larger
/// than the caches. Each limit is the best of many short blocks, because whatever disturbs a block only makes it slower.
/// </summary>
internal sealed unsafe class CpuLimits
{
    // Independent sums: latency of four cycles times two a cycle, and a reserve. With two constants they fit sixteen registers.
    private const int Chains = 12;

    private const int ChainSteps = 50_000, ChainTasks = 16;

    // 3 × 128 MB, beyond any cache; a task's chunk is 1 MB.
    private const long StreamCount = 1L << 25;

    private const int ChunkCount = 1 << 18;

    private readonly Threads threads;
    private readonly VectorWidth width;
    private readonly float[] sinks;         // results, so that no loop can be left out
    private float* memory;

    public CpuLimits(Threads threads, VectorWidth width)
    {
        (this.threads, this.width) = (threads, width);
        sinks = new float[threads.Count * 16];
    }

    /// <summary>Measures for about this long in all.</summary>
    public BackendLimits Measure(TimeSpan time)
    {
        TimeSpan share = time / 3;
        double operations = 2.0 * Chains * (width.Bits / 32) * ChainSteps * ChainTasks * threads.Count;
        double arithmetic = operations / Best(ChainTasks * threads.Count, Chain, share);
        using var block = new CpuMemory(3 * StreamCount);
        memory = block.Pointer;
        int chunks = (int)(StreamCount / ChunkCount);
        threads.For(3 * chunks, Touch);
        double bytes = 3.0 * StreamCount * sizeof(float);
        return new BackendLimits(arithmetic, bytes / Best(3 * chunks, Read, share), bytes / Best(chunks, Triad, share));
    }

    private double Best(int tasks, Action<int, int> body, TimeSpan time)
    {
        threads.For(tasks, body);
        double best = double.MaxValue;
        long begin = Stopwatch.GetTimestamp();
        do
        {
            long start = Stopwatch.GetTimestamp();
            threads.For(tasks, body);
            best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalSeconds);
        }
        while (Stopwatch.GetElapsedTime(begin) < time);
        return best;
    }

    private void Chain(int worker, int task) =>
        sinks[worker * 16] = width.Bits switch { 512 => Chain512(ChainSteps), 256 => Chain256(ChainSteps), _ => Chain128(ChainSteps) };

    private void Touch(int worker, int task) => new Span<float>(memory + (long)task * ChunkCount, ChunkCount).Fill(task);

    private void Read(int worker, int task) => sinks[worker * 16] = Sum(memory + (long)task * ChunkCount, ChunkCount);

    private void Triad(int worker, int task)
    {
        float* a = memory + (long)task * ChunkCount;
        Triad(a, a + StreamCount, a + 2 * StreamCount, ChunkCount);
    }

    // Every chain goes to one, from a start of its own.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Chain512(int steps)
    {
        Vector512<float> x = Vector512.Create(0.999f), y = Vector512.Create(0.001f);
        Vector512<float> a = x, b = a + y, c = b + y, d = c + y, e = d + y, f = e + y, g = f + y, h = g + y, i = h + y, j = i + y, k = j + y, l = k + y;
        for (int step = 0; step < steps; step++)
        {
            a = Vector512.MultiplyAddEstimate(a, x, y);
            b = Vector512.MultiplyAddEstimate(b, x, y);
            c = Vector512.MultiplyAddEstimate(c, x, y);
            d = Vector512.MultiplyAddEstimate(d, x, y);
            e = Vector512.MultiplyAddEstimate(e, x, y);
            f = Vector512.MultiplyAddEstimate(f, x, y);
            g = Vector512.MultiplyAddEstimate(g, x, y);
            h = Vector512.MultiplyAddEstimate(h, x, y);
            i = Vector512.MultiplyAddEstimate(i, x, y);
            j = Vector512.MultiplyAddEstimate(j, x, y);
            k = Vector512.MultiplyAddEstimate(k, x, y);
            l = Vector512.MultiplyAddEstimate(l, x, y);
        }
        return Vector512.Sum(a + b + c + d + e + f + g + h + i + j + k + l);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Chain256(int steps)
    {
        Vector256<float> x = Vector256.Create(0.999f), y = Vector256.Create(0.001f);
        Vector256<float> a = x, b = a + y, c = b + y, d = c + y, e = d + y, f = e + y, g = f + y, h = g + y, i = h + y, j = i + y, k = j + y, l = k + y;
        for (int step = 0; step < steps; step++)
        {
            a = Vector256.MultiplyAddEstimate(a, x, y);
            b = Vector256.MultiplyAddEstimate(b, x, y);
            c = Vector256.MultiplyAddEstimate(c, x, y);
            d = Vector256.MultiplyAddEstimate(d, x, y);
            e = Vector256.MultiplyAddEstimate(e, x, y);
            f = Vector256.MultiplyAddEstimate(f, x, y);
            g = Vector256.MultiplyAddEstimate(g, x, y);
            h = Vector256.MultiplyAddEstimate(h, x, y);
            i = Vector256.MultiplyAddEstimate(i, x, y);
            j = Vector256.MultiplyAddEstimate(j, x, y);
            k = Vector256.MultiplyAddEstimate(k, x, y);
            l = Vector256.MultiplyAddEstimate(l, x, y);
        }
        return Vector256.Sum(a + b + c + d + e + f + g + h + i + j + k + l);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Chain128(int steps)
    {
        Vector128<float> x = Vector128.Create(0.999f), y = Vector128.Create(0.001f);
        Vector128<float> a = x, b = a + y, c = b + y, d = c + y, e = d + y, f = e + y, g = f + y, h = g + y, i = h + y, j = i + y, k = j + y, l = k + y;
        for (int step = 0; step < steps; step++)
        {
            a = Vector128.MultiplyAddEstimate(a, x, y);
            b = Vector128.MultiplyAddEstimate(b, x, y);
            c = Vector128.MultiplyAddEstimate(c, x, y);
            d = Vector128.MultiplyAddEstimate(d, x, y);
            e = Vector128.MultiplyAddEstimate(e, x, y);
            f = Vector128.MultiplyAddEstimate(f, x, y);
            g = Vector128.MultiplyAddEstimate(g, x, y);
            h = Vector128.MultiplyAddEstimate(h, x, y);
            i = Vector128.MultiplyAddEstimate(i, x, y);
            j = Vector128.MultiplyAddEstimate(j, x, y);
            k = Vector128.MultiplyAddEstimate(k, x, y);
            l = Vector128.MultiplyAddEstimate(l, x, y);
        }
        return Vector128.Sum(a + b + c + d + e + f + g + h + i + j + k + l);
    }

    // Four sums, so that no addition waits for the one before.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Sum(float* x, int count)
    {
        Vector512<float> a = Vector512<float>.Zero, b = a, c = a, d = a;
        for (float* end = x + count; x < end; x += 64)
        {
            a += Vector512.Load(x);
            b += Vector512.Load(x + 16);
            c += Vector512.Load(x + 32);
            d += Vector512.Load(x + 48);
        }
        return Vector512.Sum(a + b + (c + d));
    }

    // a = b + s · c.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Triad(float* a, float* b, float* c, int count)
    {
        Vector512<float> s = Vector512.Create(0.5f);
        for (int i = 0; i < count; i += 16) Vector512.MultiplyAddEstimate(Vector512.Load(c + i), s, Vector512.Load(b + i)).Store(a + i);
    }
}

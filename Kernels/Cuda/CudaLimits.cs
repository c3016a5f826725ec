using System.Diagnostics;
using EvenNet.Framework;

namespace EvenNet.Kernels.Cuda;

/// <summary>
/// What a device can do at the most: multiply-adds in registers, and passes over memory larger than its caches, timed by events on its stream. Each limit is
/// the best of many runs. What tensor cores can do is not measured: the own kernels do not use them, and the libraries in tf32 and bf16 go beyond this limit.
/// </summary>
/// <param name="device">The device.</param>
/// <param name="bytes">Of each of three streams; well beyond the second-level cache, which is 50 MB on large devices.</param>
internal sealed unsafe class CudaLimits(CudaDevice device, long bytes = 256 << 20)
{
    private const int BlocksPerMultiprocessor = 16, Turns = 4096, Chains = 8, OperationsPerTurn = 2 * Chains;
    private const int Vector = 16;     // bytes an element

    /// <summary>Measures for about this long in all.</summary>
    public BackendLimits Measure(TimeSpan time, int turns = Turns)
    {
        int blocks = device.Multiprocessors * BlocksPerMultiprocessor;
        long count = bytes / Vector, threads = blocks * CudaGrid.Threads;
        using var memory = new CudaStorage(device, Math.Max(3 * bytes / sizeof(float), threads));
        ulong a = memory.Address, b = a + (ulong)bytes, c = b + (ulong)bytes;
        double operations = (double)threads * turns * OperationsPerTurn;
        double arithmetic = Best(new(device, "limit_operations", CudaGrid.Blocks(blocks)) { turns, 0.5f, a }, time / 3);
        double read = Best(new(device, "limit_read", CudaGrid.Elements(3 * count)) { 3 * count, a, a }, time / 3);
        double triad = Best(new(device, "limit_triad", CudaGrid.Elements(count)) { count, 0.5f, b, c, a }, time / 3);
        return new BackendLimits(operations / arithmetic, 3.0 * bytes / read, 3.0 * bytes / triad);
    }

    // Seconds of the fastest run.
    private double Best(CudaLaunch launch, TimeSpan time)
    {
        nint start, end;
        device.Check(device.Driver.cuEventCreate(&start, 0));
        device.Check(device.Driver.cuEventCreate(&end, 0));
        double best = double.MaxValue;
        long begin = Stopwatch.GetTimestamp();
        launch.Run();
        do
        {
            float milliseconds;
            device.Check(device.Driver.cuEventRecord(start, device.Stream));
            launch.Run();
            device.Check(device.Driver.cuEventRecord(end, device.Stream));
            device.Wait();
            device.Check(device.Driver.cuEventElapsedTime(&milliseconds, start, end));
            best = Math.Min(best, milliseconds / 1e3);
        }
        while (Stopwatch.GetElapsedTime(begin) < time);
        _ = device.Driver.cuEventDestroy_v2(start);
        _ = device.Driver.cuEventDestroy_v2(end);
        return best;
    }
}

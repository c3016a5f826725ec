using EvenNet.Kernels.Cpu;

namespace EvenNet.Tests.Kernels;

/// <summary>Counts what a step allocates on the threads of a pool and nowhere else, so that a busy test run changes nothing.</summary>
internal static class Allocations
{
    /// <summary>Managed bytes that <paramref name="count"/> steps allocate on all workers, the caller included, once warm.</summary>
    public static long Of(Threads threads, Action step, int count)
    {
        for (int i = 0; i < 5; i++) step();
        using var all = new Barrier(threads.Count);
        var bytes = new long[threads.Count];
        // All meet, so every worker takes one of these tasks; what the meeting itself allocates stays outside.
        Action<int, int> before = (worker, _) =>
        {
            all.SignalAndWait();
            bytes[worker] -= GC.GetAllocatedBytesForCurrentThread();
        };
        Action<int, int> after = (worker, _) =>
        {
            bytes[worker] += GC.GetAllocatedBytesForCurrentThread();
            all.SignalAndWait();
        };
        threads.For(threads.Count, before);
        for (int i = 0; i < count; i++) step();
        threads.For(threads.Count, after);
        return bytes.Sum();
    }
}

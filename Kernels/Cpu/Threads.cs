using System.Diagnostics;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;

namespace EvenNet.Kernels.Cpu;

/// <summary>
/// A fixed set of workers that take numbered tasks from one counter. The caller works too, as worker 0.
/// Results never depend on which worker ran a task, so any number of threads gives the same bits.
/// </summary>
/// <remarks>
/// Workers join a call only while it has tasks left, so a worker that the system has not scheduled delays nobody.
/// They spin for a moment between calls, then sleep.
/// </remarks>
public sealed class Threads : IDisposable
{
    private const int Closed = int.MinValue;
    private static readonly long SpinTicks = Stopwatch.Frequency / 20_000;    // 50 µs

    private readonly Thread[] workers;
    private readonly int[] ids;                 // managed thread ids by worker; 0 where nobody works
    private readonly object gate = new();       // one call at a time
    private readonly object wake = new();       // sleeping workers
    private readonly object done = new();       // a caller that waits for the last worker
    private readonly long spinTicks;
    private Counters counters;
    private Action<int, int>? body;
    private int tasks;
    private int sleeping;
    private int callerSleeps;
    private Exception? error;
    private volatile bool disposed;

    // Written by different threads: a cache line for each.
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct Counters
    {
        [FieldOffset(64)] public long Next;         // the next task
        [FieldOffset(128)] public int Inside;       // workers in the open call; Closed + workers while it closes
        [FieldOffset(192)] public int Generation;   // calls so far
    }

    /// <summary>Starts <paramref name="count"/> − 1 background workers; 0 means one per processor that the process may use.</summary>
    public Threads(int count = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        Count = count > 0 ? count : Environment.ProcessorCount;
        spinTicks = Count <= Environment.ProcessorCount ? SpinTicks : 0;
        counters.Inside = Closed;
        ids = new int[Count];
        workers = new Thread[Count - 1];
        for (int i = 0; i < workers.Length; i++)
        {
            int worker = i + 1;
            workers[i] = new Thread(() => Work(worker)) { IsBackground = true, Name = $"EvenNet worker {worker}" };
            workers[i].Start();
        }
    }

    /// <summary>Workers, the caller included.</summary>
    public int Count { get; }

    /// <summary>
    /// Runs body(worker, task) for every task in 0 … tasks − 1 and returns when all are done. Does not allocate.
    /// A call from inside a body runs its tasks in place. If a body throws, tasks not yet taken are dropped
    /// and the first exception comes out of this call once every worker has stopped.
    /// </summary>
    public void For(int tasks, Action<int, int> body)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        int inside = Array.IndexOf(ids, Environment.CurrentManagedThreadId);
        if (inside >= 0)
        {
            for (int task = 0; task < tasks; task++) body(inside, task);
            return;
        }
        if (tasks <= 0) return;
        lock (gate)
        {
            ids[0] = Environment.CurrentManagedThreadId;
            try
            {
                if (Count == 1 || tasks == 1)
                    for (int task = 0; task < tasks; task++) body(0, task);
                else
                    Share(tasks, body);
            }
            finally
            {
                ids[0] = 0;
            }
        }
    }

    /// <summary>Ends the workers and waits for them.</summary>
    public void Dispose()
    {
        if (disposed) return;
        lock (gate)
        {
            disposed = true;
            Interlocked.Increment(ref counters.Generation);
            lock (wake) Monitor.PulseAll(wake);
        }
        foreach (Thread worker in workers) worker.Join();
    }

    private void Share(int count, Action<int, int> work)
    {
        (tasks, body, error) = (count, work, null);
        counters.Next = 0;
        Volatile.Write(ref counters.Inside, 0);
        Interlocked.Increment(ref counters.Generation);
        if (Volatile.Read(ref sleeping) > 0)
            lock (wake) Monitor.PulseAll(wake);

        TakeTasks(0);
        Interlocked.Or(ref counters.Inside, Closed);
        WaitForWorkers();
        body = null;
        if (error is not null) ExceptionDispatchInfo.Throw(error);
    }

    private void TakeTasks(int worker)
    {
        try
        {
            for (long task; (task = Interlocked.Increment(ref counters.Next) - 1) < tasks;) body!(worker, (int)task);
        }
        catch (Exception e)
        {
            Interlocked.CompareExchange(ref error, e, null);
            Interlocked.Exchange(ref counters.Next, tasks);
        }
    }

    private void WaitForWorkers()
    {
        for (long end = Stopwatch.GetTimestamp() + spinTicks; Volatile.Read(ref counters.Inside) != Closed && Stopwatch.GetTimestamp() < end;)
            Thread.SpinWait(10);
        if (Volatile.Read(ref counters.Inside) == Closed) return;

        lock (done)
        {
            Interlocked.Exchange(ref callerSleeps, 1);
            while (Volatile.Read(ref counters.Inside) != Closed) Monitor.Wait(done);
            callerSleeps = 0;
        }
    }

    private void Work(int worker)
    {
        ids[worker] = Environment.CurrentManagedThreadId;
        for (int seen = 0; !disposed;)
        {
            seen = WaitForCall(seen);
            if (!Join()) continue;
            TakeTasks(worker);
            if (Interlocked.Decrement(ref counters.Inside) == Closed && Volatile.Read(ref callerSleeps) != 0)
                lock (done) Monitor.Pulse(done);
        }
    }

    private int WaitForCall(int seen)
    {
        for (long end = Stopwatch.GetTimestamp() + spinTicks; Volatile.Read(ref counters.Generation) == seen && Stopwatch.GetTimestamp() < end;)
            Thread.SpinWait(10);
        if (Volatile.Read(ref counters.Generation) == seen)
        {
            lock (wake)
            {
                Interlocked.Increment(ref sleeping);
                while (Volatile.Read(ref counters.Generation) == seen) Monitor.Wait(wake);
                Interlocked.Decrement(ref sleeping);
            }
        }
        return Volatile.Read(ref counters.Generation);
    }

    private bool Join()
    {
        for (int inside = Volatile.Read(ref counters.Inside); inside >= 0;)
        {
            int before = Interlocked.CompareExchange(ref counters.Inside, inside + 1, inside);
            if (before == inside) return true;
            inside = before;
        }
        return false;
    }
}

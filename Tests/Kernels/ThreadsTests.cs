using EvenNet.Kernels.Cpu;

namespace EvenNet.Tests.Kernels;

public sealed class ThreadsTests
{
    [Test]
    public void Every_task_runs_exactly_once([Values(1, 2, 3, 8)] int count, [Values(0, 1, 2, 7, 1000)] int tasks)
    {
        using var threads = new Threads(count);
        var runs = new int[tasks];
        int outside = 0;
        for (int call = 1; call <= 50; call++)
        {
            threads.For(tasks, (worker, task) =>
            {
                Interlocked.Increment(ref runs[task]);
                if (worker < 0 || worker >= count) Interlocked.Increment(ref outside);
            });
            Assert.That(runs, Is.All.EqualTo(call));
        }
        Assert.That(outside, Is.Zero);
    }

    [Test]
    public void A_worker_runs_one_task_at_a_time()
    {
        using var threads = new Threads(4);
        var busy = new int[threads.Count];
        int clashes = 0;
        threads.For(5000, (worker, _) =>
        {
            if (Interlocked.Increment(ref busy[worker]) != 1) Interlocked.Increment(ref clashes);
            Thread.SpinWait(20);
            Interlocked.Decrement(ref busy[worker]);
        });
        Assert.That(clashes, Is.Zero);
    }

    [Test]
    public void Several_workers_take_part()
    {
        using var threads = new Threads(3);
        using var all = new Barrier(3);
        int met = 0;
        threads.For(3, (_, _) =>
        {
            if (all.SignalAndWait(TimeSpan.FromSeconds(30))) Interlocked.Increment(ref met);
        });
        Assert.That(met, Is.EqualTo(3), "tasks that met at a barrier only three threads together can pass");
    }

    [Test]
    public void Workers_that_slept_come_back()
    {
        using var threads = new Threads(2);
        using var all = new Barrier(2);
        for (int call = 0; call < 20; call++)
        {
            int met = 0;
            Thread.Sleep(2);    // longer than a worker spins
            threads.For(2, (_, _) =>
            {
                if (all.SignalAndWait(TimeSpan.FromSeconds(30))) Interlocked.Increment(ref met);
            });
            Assert.That(met, Is.EqualTo(2));
        }
    }

    [Test]
    public void A_call_does_not_allocate()
    {
        using var threads = new Threads(2);
        long sum = 0;
        Action<int, int> body = (_, task) => Interlocked.Add(ref sum, task);
        Assert.That(Allocations.Of(threads, () => threads.For(50, body), count: 1000), Is.Zero);
        Assert.That(sum, Is.EqualTo(1005L * 50 * 49 / 2));
    }

    [Test]
    public void An_exception_reaches_the_caller_after_all_workers_have_stopped([Values(1, 2, 4)] int count)
    {
        using var threads = new Threads(count);
        int running = 0;
        var error = Assert.Throws<InvalidOperationException>(() => threads.For(100_000, (_, task) =>
        {
            Interlocked.Increment(ref running);
            try
            {
                if (task == 17) throw new InvalidOperationException("task 17");
                Thread.SpinWait(50);
            }
            finally
            {
                Interlocked.Decrement(ref running);
            }
        }));
        Assert.That(running, Is.Zero);
        Assert.That(error!.Message, Is.EqualTo("task 17"));

        int runs = 0;
        threads.For(10, (_, _) => Interlocked.Increment(ref runs));
        Assert.That(runs, Is.EqualTo(10), "the pool works on");
    }

    [Test]
    public void A_call_inside_a_body_runs_in_place_as_the_same_worker([Values(1, 2, 4)] int count)
    {
        using var threads = new Threads(count);
        var inner = new int[20 * 30];
        int strangers = 0;
        threads.For(20, (worker, task) => threads.For(30, (nested, i) =>
        {
            Interlocked.Increment(ref inner[task * 30 + i]);
            if (nested != worker) Interlocked.Increment(ref strangers);
        }));
        Assert.That(inner, Is.All.EqualTo(1));
        Assert.That(strangers, Is.Zero);
    }

    [Test]
    public void Calls_from_several_threads_take_turns()
    {
        using var threads = new Threads(2);
        var runs = new int[400];
        var callers = Enumerable.Range(0, 4).Select(caller => new Thread(() =>
        {
            for (int i = 0; i < 200; i++) threads.For(100, (_, task) => Interlocked.Increment(ref runs[caller * 100 + task]));
        })).ToList();
        callers.ForEach(caller => caller.Start());
        callers.ForEach(caller => caller.Join());
        Assert.That(runs, Is.All.EqualTo(200));
    }

    [Test]
    public void Many_pools_live_side_by_side_and_their_threads_end_with_them()
    {
        var seen = new HashSet<Thread>();
        for (int round = 0; round < 20; round++)
        {
            using Threads a = new(3), b = new(2);
            int runs = 0;
            a.For(100, (_, _) => b.For(3, (_, _) =>
            {
                lock (seen) seen.Add(Thread.CurrentThread);
                Interlocked.Increment(ref runs);
            }));
            Assert.That(runs, Is.EqualTo(300));
        }
        seen.Remove(Thread.CurrentThread);
        Assert.That(seen.Where(thread => thread.IsAlive), Is.Empty);
    }

    [Test]
    public void A_disposed_pool_refuses_work()
    {
        var threads = new Threads(2);
        threads.Dispose();
        threads.Dispose();
        Assert.Throws<ObjectDisposedException>(() => threads.For(1, (_, _) => { }));
    }

    [Test]
    public void A_count_of_zero_means_every_processor_the_process_may_use()
    {
        using var threads = new Threads();
        Assert.That(threads.Count, Is.EqualTo(Environment.ProcessorCount));
        Assert.Throws<ArgumentOutOfRangeException>(() => _ = new Threads(-1));
    }
}

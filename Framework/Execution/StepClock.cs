using System.Diagnostics;

namespace EvenNet.Framework;

/// <summary>Ticks of each step's last run. Waits for the device on both sides of a step, so that it pays for itself alone.</summary>
internal sealed class StepClock(Backend backend, int steps)
{
    private readonly long[] forward = new long[steps], backward = new long[steps], update = new long[steps];

    /// <summary>The solver that updated the parameters on the way of the last backward pass; null where none did.</summary>
    public Solver? Solver { get; set; }

    public long Start()
    {
        backend.Wait();
        return Stopwatch.GetTimestamp();
    }

    public void StopForward(int step, long start) => forward[step] = TicksSince(start);

    public void StopBackward(int step, long start) => backward[step] = TicksSince(start);

    public void StopUpdate(int step, long start) => update[step] = TicksSince(start);

    public double ForwardSeconds(int step) => (double)forward[step] / Stopwatch.Frequency;

    public double BackwardSeconds(int step) => (double)backward[step] / Stopwatch.Frequency;

    public double UpdateSeconds(int step) => Solver is not null ? (double)update[step] / Stopwatch.Frequency : 0;

    private long TicksSince(long start)
    {
        backend.Wait();
        return Stopwatch.GetTimestamp() - start;
    }
}

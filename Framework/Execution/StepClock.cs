using System.Diagnostics;

namespace EvenNet.Framework;

/// <summary>
/// Seconds of each step's last run, for what it did alone: by marks in the device's own work where it has a clock, else with waits on both sides of a step.
/// </summary>
internal sealed class StepClock(Backend backend, int steps) : IDisposable
{
    private const int Passes = 3;

    private readonly DeviceClock? marks = backend.CreateClock(2 * Passes * steps);
    private readonly long[] starts = new long[Passes * steps], ticks = new long[Passes * steps];
    private readonly bool[] hasRun = new bool[Passes * steps];

    /// <summary>What a step does in a training step.</summary>
    public enum Pass
    {
        Forward,
        Backward,
        Update,
    }

    /// <summary>The solver that updated the parameters on the way of the last backward pass; null where none did.</summary>
    public Solver? Solver { get; set; }

    public void Start(Pass pass, int step)
    {
        int at = At(pass, step);
        marks?.Mark(2 * at);
        if (marks is not null) return;
        backend.Wait();
        starts[at] = Stopwatch.GetTimestamp();
    }

    public void Stop(Pass pass, int step)
    {
        int at = At(pass, step);
        hasRun[at] = true;
        marks?.Mark(2 * at + 1);
        if (marks is not null) return;
        backend.Wait();
        ticks[at] = Stopwatch.GetTimestamp() - starts[at];
    }

    public double Seconds(Pass pass, int step)
    {
        int at = At(pass, step);
        if (!hasRun[at] || (pass == Pass.Update && Solver is null)) return 0;
        return marks?.Seconds(2 * at, 2 * at + 1) ?? (double)ticks[at] / Stopwatch.Frequency;
    }

    public void Dispose() => marks?.Dispose();

    private int At(Pass pass, int step) => (int)pass * steps + step;
}

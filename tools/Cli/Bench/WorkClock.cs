using System.Diagnostics;
using EvenNet.Framework;

namespace EvenNet.Cli;

/// <summary>The time of some work on a device: by the device's own clock where it has one.</summary>
internal sealed class WorkClock(Backend backend) : IDisposable
{
    private readonly DeviceClock? marks = backend.CreateClock(2);

    /// <summary>Does the work and waits for its end.</summary>
    public double Seconds(Action work)
    {
        long start = Stopwatch.GetTimestamp();
        marks?.Mark(0);
        work();
        marks?.Mark(1);
        if (marks is not null) return marks.Seconds(0, 1);
        backend.Wait();
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    public void Dispose() => marks?.Dispose();
}

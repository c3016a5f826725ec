using System.Diagnostics;
using EvenNet.Initialization;

namespace EvenNet.Cli;

/// <summary>Times the stages that progress reports name, and guesses the time that a stage still needs from the share that is done.</summary>
internal sealed class StageClock
{
    private readonly Stopwatch watch = new();

    // The share that each stage had done when it was last left: one that others interrupt goes on from there.
    private readonly Dictionary<string, double> left = [];
    private double begun, done;

    public string Stage { get; private set; } = "";

    /// <summary>Seconds since the stage began.</summary>
    public double Seconds => watch.Elapsed.TotalSeconds;

    /// <summary>Seconds left, or null before anything is done.</summary>
    public double? SecondsLeft { get; private set; }

    /// <summary>Takes a report; true when a new stage begins.</summary>
    public bool Take(InitProgress report)
    {
        bool isNew = report.Stage != Stage;
        if (isNew)
        {
            left[Stage] = done;
            Stage = report.Stage;
            begun = left.GetValueOrDefault(Stage) is var before && before <= report.Fraction ? before : 0;
            watch.Restart();
        }
        done = report.Fraction;
        SecondsLeft = done > begun ? Seconds * (1 - done) / (done - begun) : null;
        return isNew;
    }
}

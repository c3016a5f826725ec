using System.Diagnostics;
using EvenNet.Initialization;

namespace EvenNet.Cli;

/// <summary>Times the stages that progress reports name, and guesses the time that a stage still needs from the share that is done.</summary>
internal sealed class StageClock
{
    private readonly Stopwatch watch = new();

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
            Stage = report.Stage;
            watch.Restart();
        }
        SecondsLeft = report.Fraction > 0 ? Seconds * (1 - report.Fraction) / report.Fraction : null;
        return isNew;
    }
}

using EvenNet.Initialization;

namespace EvenNet.Cli;

/// <summary>Progress where no cursor can be moved: for a stage longer than two seconds a plain line every few seconds.</summary>
internal sealed class LineProgress(TextWriter writer) : IProgress<InitProgress>
{
    private const double FirstSeconds = 2, IntervalSeconds = 5;

    private readonly Lock order = new();
    private readonly StageClock clock = new();
    private double next;

    public void Report(InitProgress value)
    {
        lock (order)
        {
            if (clock.Take(value)) next = FirstSeconds;
            if (clock.Seconds < next || value.Fraction >= 1) return;
            next = clock.Seconds + IntervalSeconds;
            string left = clock.SecondsLeft is { } seconds ? $"  left {Text.Duration(seconds)}" : "";
            writer.WriteLine($"{value.Stage,-10}{value.Detail}  {Text.Fixed(100 * value.Fraction, 0)} %{left}");
            writer.Flush();
        }
    }
}

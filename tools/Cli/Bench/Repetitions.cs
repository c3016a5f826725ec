using System.Diagnostics;

namespace EvenNet.Cli;

/// <summary>Seconds of one run of some work, measured in several blocks of runs after a warm-up.</summary>
internal sealed record Repetitions(IReadOnlyList<double> Seconds)
{
    /// <summary>Shortest block: long beside the clock and the system's own turns.</summary>
    public const double BlockSeconds = 0.2;

    /// <summary>Fewest blocks that a median is taken of, unless fewer were asked for.</summary>
    public const int Least = 5;

    // The runtime compiles a method again when it was called some thirty times and a tenth of a second has passed.
    private const double WarmUpSeconds = 0.4;

    private const int WarmUpRuns = 2;

    public double Median => Quantile(0.5);

    public double Best => Seconds.Min();

    /// <summary>Distance between the quartiles beside the median: how much the machine disturbed the measurement.</summary>
    public double Spread => (Quantile(0.75) - Quantile(0.25)) / Median;

    /// <summary>Measures <paramref name="run"/>, which returns the seconds that count of one run.</summary>
    /// <param name="run">The work.</param>
    /// <param name="count">Blocks.</param>
    /// <param name="limitSeconds">After this long no further block begins, once there are <see cref="Least"/>.</param>
    /// <param name="afterBlock">Told the number of blocks that are done.</param>
    /// <param name="cancellation">Asked between runs.</param>
    public static Repetitions Of(Func<double> run, int count, double limitSeconds, Action<int> afterBlock, CancellationToken cancellation)
    {
        long begin = Stopwatch.GetTimestamp();
        for (int i = 0; i < WarmUpRuns || Stopwatch.GetElapsedTime(begin).TotalSeconds < WarmUpSeconds; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            run();
        }
        var seconds = new List<double>();
        begin = Stopwatch.GetTimestamp();
        while (seconds.Count < count && (seconds.Count < Least || Stopwatch.GetElapsedTime(begin).TotalSeconds < limitSeconds))
        {
            double sum = 0;
            int runs = 0;
            for (; sum < BlockSeconds; runs++)
            {
                cancellation.ThrowIfCancellationRequested();
                sum += run();
            }
            seconds.Add(sum / runs);
            afterBlock(seconds.Count);
        }
        return new Repetitions(seconds);
    }

    /// <summary>The median of some numbers.</summary>
    public static double MedianOf(IEnumerable<double> values) => new Repetitions([.. values]).Median;

    // Linear between the two nearest.
    private double Quantile(double share)
    {
        double[] sorted = [.. Seconds.Order()];
        double at = share * (sorted.Length - 1);
        int below = (int)at;
        return sorted[below] + (at - below) * (sorted[Math.Min(below + 1, sorted.Length - 1)] - sorted[below]);
    }
}

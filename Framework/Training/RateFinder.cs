namespace EvenNet.Framework;

/// <summary>
/// Looks for a learning rate (Smith 2017, §3.3, the range test): steps with a rate that grows by the same factor each time, until the loss runs away or
/// the last rate is reached. The parameters are afterwards what they were.
/// </summary>
public sealed record RateFinder
{
    // The loss has run away where it is so many times the least.
    private const double RunAway = 4;

    // How much of the smoothed loss is the new one.
    private const double Newness = 0.1;

    /// <summary>The first rate.</summary>
    public float From { get; init; } = 1e-7f;

    /// <summary>The last.</summary>
    public float To { get; init; } = 1;

    /// <summary>Steps from the first to the last.</summary>
    public int Steps { get; init; } = 100;

    /// <summary>What was found.</summary>
    /// <param name="Points">The rate of each step, its loss, and the mean of this and the losses before it, weighted to the later.</param>
    /// <param name="Suggested">A tenth of the rate at which the smoothed loss was least; null where it never fell.</param>
    public sealed record Result(IReadOnlyList<(double Rate, double Loss, double Smoothed)> Points, double? Suggested);

    /// <summary>Runs the test.</summary>
    /// <param name="net">The net, with the parameters to begin with.</param>
    /// <param name="data">Its batches.</param>
    /// <param name="solver">Makes the solver with this schedule.</param>
    /// <param name="progress">Gets the share that is done.</param>
    /// <param name="cancellation">Ends the test; the parameters are put back all the same.</param>
    public Result Run(Net net, DataLoader data, Func<Schedule, Solver> solver, IProgress<double>? progress = null, CancellationToken cancellation = default)
    {
        if (!(From > 0 && To > From) || Steps < 2) throw new ArgumentException($"a search goes from a positive rate to a larger one in 2 or more steps, got {From}, {To} and {Steps}");
        float[][] before = [.. net.Parameters.All.Select(p => p.Read())];
        var points = new List<(double Rate, double Loss, double Smoothed)>();
        try
        {
            using Solver trial = solver(Schedule.Exponential(From, (float)Math.Pow((double)To / From, 1.0 / (Steps - 1))));
            double mean = 0, least = double.PositiveInfinity;
            foreach (TrainingStep step in new Trainer(net, trial, data).Steps(Steps))
            {
                cancellation.ThrowIfCancellationRequested();
                mean = (1 - Newness) * mean + Newness * step.Loss;
                // Without the share that the zero at the beginning still has.
                double smoothed = mean / (1 - Math.Pow(1 - Newness, points.Count + 1));
                points.Add((step.Rate, step.Loss, smoothed));
                least = Math.Min(least, smoothed);
                progress?.Report((double)points.Count / Steps);
                if (smoothed > RunAway * least) break;
            }
        }
        catch (DivergenceException)
        {
            // The search is over where the loss is.
        }
        finally
        {
            for (int i = 0; i < before.Length; i++) net.Parameters.All[i].Write(before[i]);
            net.Parameters.ClearGradients();
        }
        return new Result(points, Suggest(points));
    }

    private static double? Suggest(List<(double Rate, double Loss, double Smoothed)> points)
    {
        if (points.Count == 0) return null;
        (double rate, _, double smoothed) = points.MinBy(p => p.Smoothed);
        return smoothed < points[0].Smoothed ? rate / 10 : null;
    }
}

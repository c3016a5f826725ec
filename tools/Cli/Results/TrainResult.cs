namespace EvenNet.Cli;

/// <summary>What <c>train</c> did.</summary>
/// <param name="Run">Its folder.</param>
/// <param name="Outcome">Finished, StoppedEarly or Interrupted.</param>
/// <param name="Iterations">Steps taken.</param>
/// <param name="Planned">Steps to take in all.</param>
/// <param name="Loss">Mean of the last steps.</param>
/// <param name="Results">«loss», and of the last evaluation «test.map», «test.top1» and others.</param>
/// <param name="ImagesPerSecond">Of this session's steps, without evaluations and checkpoints.</param>
/// <param name="WaitShare">The part of their time that was spent waiting for data.</param>
/// <param name="StepSeconds">All of their time.</param>
/// <param name="Best">The best monitored value; null where none was.</param>
/// <param name="BestIteration">Where it was found.</param>
/// <param name="PeakBytes">Of memory.</param>
internal sealed record TrainResult(
    string Run, string Outcome, int Iterations, int Planned, double Loss, IReadOnlyDictionary<string, double> Results, double ImagesPerSecond, double WaitShare, double StepSeconds,
    double? Best, int? BestIteration, long PeakBytes);

/// <summary>What <c>train --find-rate</c> found.</summary>
/// <param name="Suggested">A rate; null where the loss never fell.</param>
/// <param name="Points">Each step.</param>
internal sealed record FindRateResult(double? Suggested, IReadOnlyList<RatePoint> Points);

/// <summary>One step of a search for a rate.</summary>
internal sealed record RatePoint(double Rate, double Loss, double Smoothed);

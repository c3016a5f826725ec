namespace EvenNet.Framework;

/// <summary>How far a run is.</summary>
/// <param name="Stage">«training», «judging», «saving».</param>
/// <param name="Iteration">Steps taken.</param>
/// <param name="Iterations">Steps to take in all.</param>
/// <param name="Fraction">Of the stage, 0 … 1.</param>
/// <param name="Loss">Mean of the last steps; not a number before the first.</param>
/// <param name="Rate">The learning rate.</param>
/// <param name="ImagesPerSecond">Of the last steps.</param>
/// <param name="WaitShare">The part of the last steps' time that was spent waiting for data, 0 … 1.</param>
public sealed record TrainingProgress(string Stage, int Iteration, int Iterations, double Fraction, double Loss, double Rate, double ImagesPerSecond, double WaitShare);

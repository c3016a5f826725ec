namespace EvenNet.Framework;

/// <summary>One step of a <see cref="Trainer"/>.</summary>
/// <param name="Iteration">Steps taken, this one included.</param>
/// <param name="Loss">Of the step's images, before its update.</param>
/// <param name="Rate">The learning rate that it used.</param>
/// <param name="Images">That it saw.</param>
/// <param name="Seconds">How long it took.</param>
/// <param name="WaitSeconds">How much of that it waited for images.</param>
public readonly record struct TrainingStep(int Iteration, double Loss, double Rate, int Images, double Seconds, double WaitSeconds);

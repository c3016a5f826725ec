namespace EvenNet.Framework;

/// <summary>One step of a <see cref="Trainer"/>.</summary>
/// <param name="Iteration">Steps taken, this one included.</param>
/// <param name="Loss">Of the step's images, before its update. Reading it waits for the device where <see cref="IsLossKnown"/> is false.</param>
/// <param name="Rate">The learning rate that it used.</param>
/// <param name="Images">That it saw.</param>
/// <param name="Seconds">How long it took; on a device that works on its own, how long it took to give it the step.</param>
/// <param name="WaitSeconds">How much of that it waited for images.</param>
public readonly record struct TrainingStep(int Iteration, double Loss, double Rate, int Images, double Seconds, double WaitSeconds)
{
    /// <summary>Of the step's images, before its update. Reading it waits for the device where <see cref="IsLossKnown"/> is false.</summary>
    /// <exception cref="DivergenceException">This loss or one before it is not finite; the solver and its parameters are at the step that gave it.</exception>
    public double Loss
    {
        get => Later?.Read() ?? field;
        init;
    } = Loss;

    /// <summary>Whether the loss can be read without waiting for the device.</summary>
    public bool IsLossKnown => Later is null or { IsKnown: true };

    /// <summary>Where the loss comes from.</summary>
    internal LaterLoss? Later { get; init; }
}

/// <summary>The loss of one step that the device may still be at.</summary>
internal sealed class LaterLoss(Action readAll)
{
    private double? value;

    /// <summary>Iteration before the step.</summary>
    public required int Iteration { get; init; }

    /// <summary>Number of its first pass, and where in the data each of its passes begins.</summary>
    public required long FirstRun { get; init; }

    /// <inheritdoc cref="FirstRun"/>
    public required DataPosition[] Positions { get; init; }

    public bool IsKnown => value is not null;

    public void Set(double loss) => value = loss;

    public double Read()
    {
        if (value is null) readAll();
        return value ?? throw new InvalidOperationException($"the loss of iteration {Iteration + 1} was not computed: one before it is not finite");
    }
}

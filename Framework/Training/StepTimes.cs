namespace EvenNet.Framework;

/// <summary>Speed over the last <paramref name="window"/> steps, or over all for 0.</summary>
public sealed class StepTimes(int window)
{
    private readonly Queue<TrainingStep> last = new();
    private double seconds, waited;
    private long images;

    /// <summary>Images over time; 0 before the first step.</summary>
    public double ImagesPerSecond => seconds > 0 ? images / seconds : 0;

    /// <summary>The part of the time that was spent waiting for data, 0 … 1.</summary>
    public double WaitShare => seconds > 0 ? Math.Clamp(waited / seconds, 0, 1) : 0;

    /// <summary>All of the time.</summary>
    public double Seconds => seconds;

    /// <summary>Adds a step.</summary>
    public void Add(TrainingStep step)
    {
        (seconds, waited, images) = (seconds + step.Seconds, waited + step.WaitSeconds, images + step.Images);
        if (window == 0) return;
        last.Enqueue(step);
        if (last.Count <= window) return;
        TrainingStep old = last.Dequeue();
        (seconds, waited, images) = (seconds - old.Seconds, waited - old.WaitSeconds, images - old.Images);
    }
}

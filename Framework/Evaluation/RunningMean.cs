namespace EvenNet.Framework;

/// <summary>
/// Mean of what was added: of all of it, or of the last <paramref name="window"/> values (the smoothed loss of a training's progress). A value that is not
/// finite makes the mean so until it has left.
/// </summary>
public sealed class RunningMean(int window = 0)
{
    private readonly Queue<(double Value, double Weight)> last = new();
    private double sum, weights;

    /// <summary>How many values the mean is of at most; 0 for all.</summary>
    public int Window { get; } = window >= 0 ? window : throw new ArgumentOutOfRangeException(nameof(window), $"a window has 1 value or more, 0 for all, got {window}");

    /// <summary>Values that the mean is of.</summary>
    public int Count { get; private set; }

    /// <summary>Σ weight · value / Σ weight; null where nothing was added.</summary>
    public double? Value
    {
        get
        {
            if (Window == 0) return weights > 0 ? sum / weights : null;
            // Summed anew: taking away what was added would leave its rounding, and all of a value that was not finite.
            double total = 0, whole = 0;
            foreach ((double value, double weight) in last) (total, whole) = (total + weight * value, whole + weight);
            return whole > 0 ? total / whole : null;
        }
    }

    /// <summary>Adds a value; the loss of a batch weighs as much as its samples where batches differ in size.</summary>
    public void Add(double value, double weight = 1)
    {
        if (!(weight > 0)) throw new ArgumentOutOfRangeException(nameof(weight), $"a value has a positive weight, got {weight}");
        if (Window > 0)
        {
            if (last.Count == Window) last.Dequeue();
            last.Enqueue((value, weight));
            Count = last.Count;
            return;
        }
        sum += weight * value;
        weights += weight;
        Count++;
    }

    /// <summary>Forgets all values.</summary>
    public void Reset()
    {
        last.Clear();
        (sum, weights, Count) = (0, 0, 0);
    }
}

namespace EvenNet.Framework;

/// <summary>Something that a run measures now and then around one of its steps, into lines of their own kind.</summary>
/// <param name="kind">Of the lines: «rates».</param>
/// <param name="every">At which iterations: the multiples, and the first step.</param>
public abstract class Measurement(string kind, int every)
{
    /// <summary>Of the lines.</summary>
    public string Kind => kind;

    /// <summary>At the multiples of this.</summary>
    public int Every => every > 0 ? every : throw new ArgumentOutOfRangeException(nameof(every), $"a measurement is made every 1 or more iterations, got {every}");

    /// <summary>Called before the step.</summary>
    public virtual void Before() { }

    /// <summary>Called after it; what was measured.</summary>
    public abstract IEnumerable<KeyValuePair<string, double>> After();
}

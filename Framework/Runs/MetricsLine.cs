namespace EvenNet.Framework;

/// <summary>One line of <see cref="MetricsFile"/>: what was measured at one moment of a run.</summary>
/// <param name="Iteration">Steps taken before.</param>
/// <param name="Kind">What was measured: «train», «test», «rates».</param>
/// <param name="Values">Names and numbers, in the order of the line; NaN where the number was not finite.</param>
public sealed record MetricsLine(int Iteration, string Kind, IReadOnlyDictionary<string, double> Values)
{
    /// <summary>A value by name, or null where the line has none of that name.</summary>
    public double? this[string name] => Values.TryGetValue(name, out double value) ? value : null;
}

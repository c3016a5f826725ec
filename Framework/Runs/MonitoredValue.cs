using System.Globalization;

namespace EvenNet.Framework;

/// <summary>
/// The value that tells which checkpoint of a run is the best, and when going on is of no use. Any gain makes a checkpoint the best; only a gain of more
/// than <see cref="LeastGain"/> over the value that last had one begins the patience anew. A value that is not a number is never better.
/// </summary>
public sealed class MonitoredValue
{
    private const string NameKey = "monitored", BestKey = "monitored.best", BestIterationKey = "monitored.best-iteration",
        ReferenceKey = "monitored.reference", WaitedKey = "monitored.waited", IterationKey = "monitored.iteration";

    private double reference;

    /// <summary>A value of which nothing is known yet.</summary>
    /// <param name="name">«map», «loss».</param>
    /// <param name="largerIsBetter">Or smaller.</param>
    /// <param name="leastGain">See the class.</param>
    /// <param name="patience">Updates without such a gain after which to stop; 0 never stops.</param>
    public MonitoredValue(string name, bool largerIsBetter, double leastGain = 0, int patience = 0)
    {
        if (!(leastGain >= 0)) throw new ArgumentOutOfRangeException(nameof(leastGain), $"the least gain is 0 or more, got {leastGain}");
        ArgumentOutOfRangeException.ThrowIfNegative(patience);
        (Name, LargerIsBetter, LeastGain, Patience) = (name, largerIsBetter, leastGain, patience);
    }

    /// <summary>«map», «loss».</summary>
    public string Name { get; }

    /// <summary>Whether larger values are better, or smaller ones.</summary>
    public bool LargerIsBetter { get; }

    /// <summary>A gain has to be larger than this to begin the patience anew.</summary>
    public double LeastGain { get; }

    /// <summary>Updates without such a gain after which to stop; 0 never stops.</summary>
    public int Patience { get; }

    /// <summary>The best value; null before the first that is a number.</summary>
    public double? Best { get; private set; }

    /// <summary>The iteration of the best value.</summary>
    public int? BestIteration { get; private set; }

    /// <summary>The iteration of the last update; null before the first.</summary>
    public int? Iteration { get; private set; }

    /// <summary>Updates since the last gain that counted.</summary>
    public int Waited { get; private set; }

    /// <summary>Whether the patience is at its end.</summary>
    public bool ShouldStop => Patience > 0 && Waited >= Patience;

    /// <summary>Takes the value of an iteration; true where it is the best so far. One of which it knows already, measured again by a run that was resumed, changes nothing.</summary>
    public bool Update(int iteration, double value)
    {
        if (iteration <= Iteration) return iteration == BestIteration;
        Iteration = iteration;
        bool isBest = !double.IsNaN(value) && (Best is not { } best || Gain(value, best) > 0), counts = !double.IsNaN(value) && (Best is null || Gain(value, reference) > LeastGain);
        if (isBest) (Best, BestIteration) = (value, iteration);
        if (counts) reference = value;
        Waited = counts ? 0 : Waited + 1;
        return isBest;
    }

    /// <summary>All that <see cref="Restore"/> needs, for a checkpoint's metadata.</summary>
    public IReadOnlyDictionary<string, string> State()
    {
        var state = new Dictionary<string, string> { [NameKey] = Identity, [WaitedKey] = Waited.ToString(CultureInfo.InvariantCulture) };
        if (Iteration is { } iteration) state[IterationKey] = iteration.ToString(CultureInfo.InvariantCulture);
        if (Best is not { } best) return state;
        state[BestKey] = Text(best);
        state[BestIterationKey] = BestIteration!.Value.ToString(CultureInfo.InvariantCulture);
        state[ReferenceKey] = Text(reference);
        return state;
    }

    /// <summary>Goes on where <see cref="State"/> was taken; false, and nothing is changed, where that was of another value, or of none.</summary>
    /// <exception cref="FormatException">An entry is broken.</exception>
    public bool Restore(IReadOnlyDictionary<string, string> state)
    {
        if (!state.TryGetValue(NameKey, out string? of) || of != Identity) return false;
        int waited = Whole(state, WaitedKey);
        int? iteration = state.ContainsKey(IterationKey) ? Whole(state, IterationKey) : null;
        if (state.ContainsKey(BestKey)) (Best, BestIteration, reference) = (Number(state, BestKey), Whole(state, BestIterationKey), Number(state, ReferenceKey));
        else (Best, BestIteration, reference) = (null, null, 0);
        (Waited, Iteration) = (waited, iteration);
        return true;
    }

    // The larger of one name and the smaller are two values.
    private string Identity => $"{Name}, {(LargerIsBetter ? "larger" : "smaller")} is better";

    private double Gain(double value, double than) => LargerIsBetter ? value - than : than - value;

    private static string Text(double value) => value.ToString("R", CultureInfo.InvariantCulture);

    private static int Whole(IReadOnlyDictionary<string, string> state, string key) =>
        int.TryParse(state.GetValueOrDefault(key), NumberStyles.None, CultureInfo.InvariantCulture, out int value) ? value : throw Broken(state, key);

    private static double Number(IReadOnlyDictionary<string, string> state, string key) =>
        double.TryParse(state.GetValueOrDefault(key), NumberStyles.Float, CultureInfo.InvariantCulture, out double value) ? value : throw Broken(state, key);

    private static FormatException Broken(IReadOnlyDictionary<string, string> state, string key) =>
        new(state.TryGetValue(key, out string? text) ? $"{key} is «{text}», not a number" : $"{key} is missing");
}

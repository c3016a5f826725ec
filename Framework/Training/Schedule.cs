using System.Globalization;

namespace EvenNet.Framework;

/// <summary>The learning rate of each iteration, counted from 0. Policies and formulas are Caffe's, but for the cosine and the warm-up.</summary>
public sealed class Schedule
{
    private readonly Func<int, double> rate;
    private readonly string text;

    private Schedule(string text, Func<int, double> rate) => (this.text, this.rate) = (text, rate);

    /// <summary>The learning rate of an iteration.</summary>
    public double At(int iteration) => iteration >= 0
        ? rate(iteration)
        : throw new ArgumentOutOfRangeException(nameof(iteration), $"iterations count from 0, got {iteration}");

    /// <summary>«0.001, times 0.5 every 10000».</summary>
    public override string ToString() => text;

    /// <summary>One rate for all iterations.</summary>
    public static implicit operator Schedule(float rate) => Fixed(rate);

    /// <summary>One rate for all iterations.</summary>
    public static Schedule Fixed(float rate) => new(Text($"{rate}"), _ => rate);

    /// <summary>rate · factor^⌊i / every⌋.</summary>
    public static Schedule Step(float rate, float factor, int every)
    {
        RequirePositive(every, nameof(every));
        return new(Text($"{rate}, times {factor} every {every}"), i => rate * Math.Pow(factor, i / every));
    }

    /// <summary>rate · factor^(number of <paramref name="at"/> that have been reached).</summary>
    public static Schedule Steps(float rate, float factor, params IReadOnlyList<int> at) =>
        new(Text($"{rate}, times {factor} at {string.Join(", ", at)}"), i => rate * Math.Pow(factor, at.Count(a => i >= a)));

    /// <summary>rate · factor^i.</summary>
    public static Schedule Exponential(float rate, float factor) => new(Text($"{rate}, times {factor} every iteration"), i => rate * Math.Pow(factor, i));

    /// <summary>rate · (1 + factor · i)^−power.</summary>
    public static Schedule Inverse(float rate, float factor, float power) =>
        new(Text($"{rate} · (1 + {factor} i)^-{power}"), i => rate * Math.Pow(1 + (double)factor * i, -power));

    /// <summary>rate · (1 − i / iterations)^power; zero from <paramref name="iterations"/> on.</summary>
    public static Schedule Polynomial(float rate, float power, int iterations)
    {
        RequirePositive(iterations, nameof(iterations));
        return new(Text($"{rate} · (1 - i / {iterations})^{power}"), i => rate * Math.Pow(Math.Max(0, 1 - (double)i / iterations), power));
    }

    /// <summary>rate / (1 + e^(−factor · (i − middle))): falls for a negative factor.</summary>
    public static Schedule Sigmoid(float rate, float factor, int middle) =>
        new(Text($"{rate} / (1 + exp(-{factor} (i - {middle})))"), i => rate / (1 + Math.Exp(-(double)factor * (i - middle))));

    /// <summary>
    /// least + (rate − least) · (1 + cos(π · i / iterations)) / 2 (Loshchilov and Hutter 2017, eq. 5, without restarts);
    /// <paramref name="least"/> from <paramref name="iterations"/> on.
    /// </summary>
    public static Schedule Cosine(float rate, int iterations, float least = 0)
    {
        RequirePositive(iterations, nameof(iterations));
        string text = Text($"{rate}, falling as a cosine to {least} at {iterations}");
        return new(text, i => least + ((double)rate - least) * (1 + Math.Cos(Math.PI * Math.Min(i, iterations) / iterations)) / 2);
    }

    /// <summary>
    /// This schedule with its first rates multiplied by a factor that grows linearly (Goyal et al. 2017, §2.2): from + (1 − from) · (i + 1) / iterations.
    /// The rate of iteration <paramref name="iterations"/> − 1 is the first whole one; what this schedule does at which iteration stays.
    /// </summary>
    public Schedule WarmUp(int iterations, float from = 0)
    {
        RequirePositive(iterations, nameof(iterations));
        if (from is not (>= 0 and <= 1)) throw new ArgumentOutOfRangeException(nameof(from), $"a warm-up begins at a share of the rate from 0 to 1, got {from}");
        string start = from > 0 ? Text($" from {from} of it") : "";
        return new(Text($"{text}, warmed up over {iterations}{start}"), i => rate(i) * (i < iterations ? from + (1.0 - from) * (i + 1) / iterations : 1));
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private static void RequirePositive(int value, string name)
    {
        if (value <= 0) throw new ArgumentOutOfRangeException(name, $"a schedule needs a positive number of iterations, got {value}");
    }
}

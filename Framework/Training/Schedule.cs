using System.Globalization;

namespace EvenNet.Framework;

/// <summary>The learning rate of each iteration, counted from 0. The policies and their formulas are Caffe's.</summary>
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

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private static void RequirePositive(int value, string name)
    {
        if (value <= 0) throw new ArgumentOutOfRangeException(name, $"a schedule needs a positive number of iterations, got {value}");
    }
}

using System.Globalization;

namespace EvenNet.Detection;

/// <summary>
/// Means and deviations of the <see cref="BoxDelta"/>s of each class over a training set, so that what is learned has mean zero and deviation one (Girshick
/// 2015, §2.3). Four of each a class, the background first.
/// </summary>
public sealed class DeltaScaling
{
    // Deltas of a class that are all alike, or of a class that is not there, are left as large as they are.
    private const double LeastDeviation = 1e-6;

    private readonly double[] means, deviations;

    private DeltaScaling(double[] means, double[] deviations) => (this.means, this.deviations) = (means, deviations);

    /// <summary>Classes, with the background.</summary>
    public int Labels => means.Length / 4;

    /// <summary>Means of a label's four numbers.</summary>
    public ReadOnlySpan<double> Means(int label) => means.AsSpan(4 * label, 4);

    /// <summary>Deviations of a label's four numbers.</summary>
    public ReadOnlySpan<double> Deviations(int label) => deviations.AsSpan(4 * label, 4);

    /// <summary>Changes nothing.</summary>
    public static DeltaScaling None(int labels)
    {
        double[] ones = new double[4 * labels];
        Array.Fill(ones, 1);
        return new DeltaScaling(new double[4 * labels], ones);
    }

    /// <summary>Of some deltas.</summary>
    /// <param name="labels">Classes, with the background.</param>
    /// <param name="deltas">With the label of each.</param>
    public static DeltaScaling Of(int labels, IEnumerable<(int Label, BoxDelta Delta)> deltas)
    {
        double[] sums = new double[4 * labels], squares = new double[4 * labels];
        int[] counts = new int[labels];
        foreach ((int label, BoxDelta d) in deltas)
        {
            counts[label]++;
            double[] values = [d.X, d.Y, d.Width, d.Height];
            for (int k = 0; k < 4; k++)
            {
                sums[4 * label + k] += values[k];
                squares[4 * label + k] += values[k] * values[k];
            }
        }
        for (int i = 0; i < sums.Length; i++)
        {
            int count = Math.Max(1, counts[i / 4]);
            sums[i] /= count;
            double deviation = Math.Sqrt(Math.Max(0, squares[i] / count - sums[i] * sums[i]));
            squares[i] = deviation > LeastDeviation ? deviation : 1;
        }
        return new DeltaScaling(sums, squares);
    }

    /// <summary>What is learned in a delta's place.</summary>
    public void Scale(int label, in BoxDelta delta, Span<float> to)
    {
        int at = 4 * label;
        to[0] = (float)((delta.X - means[at]) / deviations[at]);
        to[1] = (float)((delta.Y - means[at + 1]) / deviations[at + 1]);
        to[2] = (float)((delta.Width - means[at + 2]) / deviations[at + 2]);
        to[3] = (float)((delta.Height - means[at + 3]) / deviations[at + 3]);
    }

    /// <summary>The delta in place of which something was learned.</summary>
    public BoxDelta Unscale(int label, ReadOnlySpan<float> from)
    {
        int at = 4 * label;
        return new BoxDelta(
            from[0] * deviations[at] + means[at], from[1] * deviations[at + 1] + means[at + 1],
            from[2] * deviations[at + 2] + means[at + 2], from[3] * deviations[at + 3] + means[at + 3]);
    }

    /// <summary>All numbers, means first, to the last bit.</summary>
    public override string ToString() => string.Join(' ', means.Concat(deviations).Select(v => v.ToString("R", CultureInfo.InvariantCulture)));

    /// <summary>Reads <see cref="ToString"/>.</summary>
    /// <exception cref="FormatException">It is not such a text, or of another number of classes.</exception>
    public static DeltaScaling Parse(string text, int labels)
    {
        double[] all = [.. text.Split(' ').Select(t => double.Parse(t, CultureInfo.InvariantCulture))];
        if (all.Length != 8 * labels) throw new FormatException($"{8 * labels} numbers are expected for {labels} classes, got {all.Length}");
        if (!all.All(double.IsFinite) || all.Skip(4 * labels).Any(v => v <= 0)) throw new FormatException("a number is not finite, or a deviation not positive");
        return new DeltaScaling(all[..(4 * labels)], all[(4 * labels)..]);
    }
}

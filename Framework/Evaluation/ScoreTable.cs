namespace EvenNet.Framework;

/// <summary>
/// The scores of every sample for every class. Scores of several crops of a sample are summed, in <c>double</c> and in the order in which they come; a
/// ranking is the same for the sum and for the mean where all samples have equally many.
/// </summary>
public sealed class ScoreTable
{
    private readonly double[] sums;
    private readonly int[] crops;

    /// <summary>A table without scores.</summary>
    public ScoreTable(int samples, int classes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(samples);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(classes);
        (Samples, Classes, sums, crops) = (samples, classes, new double[checked(samples * classes)], new int[samples]);
    }

    /// <summary>Rows.</summary>
    public int Samples { get; }

    /// <summary>Scores of a sample.</summary>
    public int Classes { get; }

    /// <summary>Adds the scores of one crop of a sample.</summary>
    /// <exception cref="ArgumentException">Another number of scores than classes.</exception>
    public void Add(int sample, ReadOnlySpan<float> scores)
    {
        if (sample < 0 || sample >= Samples) throw new ArgumentOutOfRangeException(nameof(sample), $"the samples are 0 … {Samples - 1}, got {sample}");
        if (scores.Length != Classes) throw new ArgumentException($"sample {sample} has {scores.Length} scores, but there are {Classes} classes", nameof(scores));
        Span<double> row = sums.AsSpan(sample * Classes, Classes);
        for (int c = 0; c < Classes; c++) row[c] += scores[c];
        crops[sample]++;
    }

    /// <summary>The summed scores of a sample.</summary>
    public ReadOnlySpan<double> Of(int sample) => sums.AsSpan(sample * Classes, Classes);

    /// <summary>The summed scores of all samples for one class.</summary>
    public double[] Column(int label)
    {
        double[] column = new double[Samples];
        for (int i = 0; i < column.Length; i++) column[i] = sums[i * Classes + label];
        return column;
    }

    /// <summary>That every sample has scores, of equally many crops.</summary>
    /// <exception cref="InvalidOperationException">One has not; it is named.</exception>
    public void RequireComplete()
    {
        for (int i = 0; i < Samples; i++)
            if (crops[i] == 0 || crops[i] != crops[0])
                throw new InvalidOperationException(crops[i] == 0 ? $"sample {i} of {Samples} has no scores" : $"sample {i} has scores of {crops[i]} crops, sample 0 of {crops[0]}");
    }
}

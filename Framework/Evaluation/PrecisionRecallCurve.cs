namespace EvenNet.Framework;

/// <summary>Precision over recall, a point at each sample of the class from the best score down: between two of them precision only falls.</summary>
/// <param name="Recall">Not falling.</param>
/// <param name="Precision">One a recall.</param>
public sealed record PrecisionRecallCurve(IReadOnlyList<double> Recall, IReadOnlyList<double> Precision)
{
    // Recall is shown on a few hundred pixels.
    private const int Ranges = 50, Digits = 6;

    /// <summary>The curve of a ranking, thinned to at most 200 points and 6 decimals.</summary>
    public static PrecisionRecallCurve Of(Ranking ranking)
    {
        RankedSample[] found = [.. ranking.Samples.Where(s => s.IsPositive)];
        double[] recall = [.. found.Select(s => s.Recall)], precision = [.. found.Select(s => s.Precision)];
        int[] kept = Thinning.Indices(recall, precision, Ranges);
        return new([.. kept.Select(i => Math.Round(recall[i], Digits))], [.. kept.Select(i => Math.Round(precision[i], Digits))]);
    }
}

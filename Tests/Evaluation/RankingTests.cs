using EvenNet.Framework;

namespace EvenNet.Tests;

public sealed class RankingTests
{
    private const double Close = 1e-12;

    // Ten judged samples; the positives are first, third, fourth and seventh, with precision 1, 2/3, 3/4 and 4/7 at recall 1/4, 1/2, 3/4 and 1.
    private static readonly double[] Scores = [0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0.0];
    private static readonly float[] Labels = [1, 0, 1, 1, 0, 0, 1, 0, 0, 0];

    [TestCase(AveragePrecisionRule.Voc11Point, (3 * 1 + 5 * 0.75 + 3 * 4.0 / 7) / 11)]
    [TestCase(AveragePrecisionRule.Area, (1 + 0.75 + 0.75 + 4.0 / 7) / 4)]
    [TestCase(AveragePrecisionRule.Step, (1 + 2.0 / 3 + 0.75 + 4.0 / 7) / 4)]
    public void A_fixed_ranking_has_the_value_computed_by_hand(AveragePrecisionRule rule, double expected) =>
        Assert.That(Ranking.Of(Scores, Labels).AveragePrecision(rule), Is.EqualTo(expected).Within(Close));

    [Test]
    public void A_perfect_ranking_is_worth_one_and_the_worst_what_its_positives_find_at_the_end([Values] AveragePrecisionRule rule)
    {
        Assert.That(Ranking.Of([3, 2, 1, 0], [1, 1, 0, 0]).AveragePrecision(rule), Is.EqualTo(1).Within(Close));
        double worst = rule == AveragePrecisionRule.Step ? (1.0 / 3 + 2.0 / 4) / 2 : 0.5;
        Assert.That(Ranking.Of([3, 2, 1, 0], [0, 0, 1, 1]).AveragePrecision(rule), Is.EqualTo(worst).Within(Close));
    }

    [Test]
    public void Ignored_samples_change_nothing_wherever_they_stand([Values] AveragePrecisionRule rule)
    {
        double[] scores = [double.NaN, .. Scores[..5], 0.5, 10, .. Scores[5..], -1];
        float[] labels = [Dataset.Ignored, .. Labels[..5], Dataset.Ignored, Dataset.Ignored, .. Labels[5..], Dataset.Ignored];
        Ranking ranking = Ranking.Of(scores, labels);
        Assert.That(ranking.AveragePrecision(rule), Is.EqualTo(Ranking.Of(Scores, Labels).AveragePrecision(rule)));
        Assert.That((ranking.Positives, ranking.Negatives, ranking.Ignored), Is.EqualTo((4, 6, 4)));
    }

    [TestCase(AveragePrecisionRule.Voc11Point, 0.5)]
    [TestCase(AveragePrecisionRule.Area, 0.5)]
    [TestCase(AveragePrecisionRule.Step, (1.0 / 3 + 2.0 / 4) / 2)]
    public void Among_equal_scores_the_negatives_come_first_whatever_the_order(AveragePrecisionRule rule, double expected)
    {
        foreach (float[] labels in new float[][] { [1, 1, 0, 0], [0, 1, 0, 1], [0, 0, 1, 1], [1, 0, 0, 1] })
            Assert.That(Ranking.Of([7, 7, 7, 7], labels).AveragePrecision(rule), Is.EqualTo(expected).Within(Close), string.Join(' ', labels));
    }

    [Test]
    public void Equal_scores_of_equal_labels_keep_the_order_of_the_samples() =>
        Assert.That(Ranking.Of([1, 2, 1, 2, 1], [0, 1, 1, 0, 0]).Samples.Select(s => s.Index), Is.EqualTo(new[] { 3, 1, 0, 4, 2 }));

    [Test]
    public void The_curve_has_precision_and_recall_at_every_rank()
    {
        IReadOnlyList<RankedSample> curve = Ranking.Of(Scores, Labels).Samples;
        Assert.That(curve.Select(s => s.Precision), Is.EqualTo(new[] { 1, 1 / 2.0, 2 / 3.0, 3 / 4.0, 3 / 5.0, 3 / 6.0, 4 / 7.0, 4 / 8.0, 4 / 9.0, 4 / 10.0 }).Within(Close));
        Assert.That(curve.Select(s => s.Recall), Is.EqualTo(new[] { 0.25, 0.25, 0.5, 0.75, 0.75, 0.75, 1, 1, 1, 1 }).Within(Close));
    }

    // As quotients of doubles, 0.1 · 3 is above 3 / 10 and the precision at recall 0.3 would be taken from the lower end.
    [Test]
    public void A_recall_of_three_tenths_has_reached_the_fourth_of_eleven_points()
    {
        float[] labels = [1, 1, 1, .. new float[10], 1, 1, 1, 1, 1, 1, 1];
        double[] scores = [.. Enumerable.Range(0, labels.Length).Select(i => -(double)i)];
        Assert.That(Ranking.Of(scores, labels).AveragePrecision(AveragePrecisionRule.Voc11Point), Is.EqualTo((4 * 1 + 7 * 0.5) / 11).Within(Close));
    }

    [Test]
    public void A_class_without_positives_has_no_average_precision([Values] AveragePrecisionRule rule)
    {
        Assert.That(Ranking.Of([1, 2], [0, 0]).AveragePrecision(rule), Is.Null);
        Assert.That(Ranking.Of([], []).AveragePrecision(rule), Is.Null);
        Assert.That(Ranking.Of([1, 2], [0, Dataset.Ignored]).AveragePrecision(rule), Is.Null);
    }

    [Test]
    public void The_three_rules_equal_their_definitions_on_random_rankings()
    {
        var random = new Random(5);
        for (int trial = 0; trial < 200; trial++)
        {
            int count = random.Next(1, 60);
            // Few different scores, so that there are ties.
            double[] scores = [.. Enumerable.Range(0, count).Select(_ => (double)random.Next(20))];
            float[] labels = [.. Enumerable.Range(0, count).Select(_ => (float)random.Next(-1, 2))];
            Ranking ranking = Ranking.Of(scores, labels);
            if (ranking.Positives == 0) continue;
            (double eleven, double area, double step) = Defined(ranking.Samples);
            Assert.That(ranking.AveragePrecision(AveragePrecisionRule.Voc11Point), Is.EqualTo(eleven).Within(Close));
            Assert.That(ranking.AveragePrecision(AveragePrecisionRule.Area), Is.EqualTo(area).Within(Close));
            Assert.That(ranking.AveragePrecision(AveragePrecisionRule.Step), Is.EqualTo(step).Within(Close));
        }
    }

    [Test]
    public void What_cannot_be_ranked_is_named()
    {
        Assert.That(() => Ranking.Of([1, 2], [1]), Throws.ArgumentException.With.Message.Contains("2 scores but 1 labels"));
        Assert.That(() => Ranking.Of([1, double.NaN], [1, 0]), Throws.ArgumentException.With.Message.Contains("sample 1 is not a number"));
        Assert.That(() => Ranking.Of([1, 2], [1, 0.5f]), Throws.ArgumentException.With.Message.Contains("sample 1 has the label 0.5"));
    }

    [Test]
    public void Infinite_scores_have_their_place() =>
        Assert.That(Ranking.Of([0, double.PositiveInfinity, double.NegativeInfinity], [0, 1, 0]).AveragePrecision(AveragePrecisionRule.Area), Is.EqualTo(1));

    // Word by word: the largest precision at a recall or more, and sums of rectangles.
    private static (double Eleven, double Area, double Step) Defined(IReadOnlyList<RankedSample> curve)
    {
        double eleven = 0, area = 0, step = 0, before = 0;
        for (int t = 0; t <= 10; t++)
            eleven += curve.Where(s => s.Recall >= t / 10.0 - 1e-9).Select(s => s.Precision).DefaultIfEmpty(0).Max() / 11;
        foreach (RankedSample s in curve)
        {
            area += (s.Recall - before) * curve.Where(other => other.Recall >= s.Recall).Max(other => other.Precision);
            step += (s.Recall - before) * s.Precision;
            before = s.Recall;
        }
        return (eleven, area, step);
    }
}

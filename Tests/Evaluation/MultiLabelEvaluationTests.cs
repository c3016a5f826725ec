using EvenNet.Framework;

namespace EvenNet.Tests;

public sealed class MultiLabelEvaluationTests
{
    // Three classes: the first ranked perfectly, the second as badly as can be, the third without a positive.
    private static readonly float[] Labels = [1, 0, 0, 1, 0, Dataset.Ignored, 0, 1, 0, 0, 1, 0];

    [TestCase(AveragePrecisionRule.Voc11Point, (1 + 0.5) / 2)]
    [TestCase(AveragePrecisionRule.Area, (1 + 0.5) / 2)]
    [TestCase(AveragePrecisionRule.Step, (1 + 5.0 / 12) / 2)]
    public void The_mean_is_over_the_classes_that_have_positives(AveragePrecisionRule rule, double expected)
    {
        MultiLabelEvaluation result = MultiLabelEvaluation.Of(Table([4, 4, 0], [3, 3, 9], [2, 2, 1], [1, 1, 2]), new Labelled(Labels));
        Assert.That(result.Mean(rule), Is.EqualTo(expected).Within(1e-12));
        Assert.That(result.WithoutPositives, Is.EqualTo(new[] { "c" }));
        Assert.That(result.Classes.Select(c => c.Name), Is.EqualTo(new[] { "a", "b", "c" }));
        Assert.That(result.Classes[0].By(rule), Is.EqualTo(1));
        Assert.That(result.Classes[2].By(rule), Is.Null);
        Assert.That(result.Classes[2].Ranking.Ignored, Is.EqualTo(1));
    }

    [Test]
    public void Without_any_positive_there_is_no_mean() =>
        Assert.That(MultiLabelEvaluation.Of(Table([1, 2, 3]), new Labelled([0, 0, 0])).Mean(AveragePrecisionRule.Area), Is.Null);

    [Test]
    public void Scores_of_several_crops_are_summed()
    {
        var table = new ScoreTable(2, 3);
        table.Add(1, [1, 2, 3]);
        table.Add(0, [0.5f, 0, 0]);
        table.Add(1, [10, 20, -30]);
        table.Add(0, [0.25f, 0, 1]);
        table.RequireComplete();
        Assert.That(table.Of(1).ToArray(), Is.EqualTo(new[] { 11.0, 22, -27 }));
        Assert.That(table.Column(0), Is.EqualTo(new[] { 0.75, 11 }));
    }

    [Test]
    public void A_table_that_does_not_fit_or_is_not_full_is_refused()
    {
        var set = new Labelled(Labels);
        Assert.That(() => MultiLabelEvaluation.Of(new ScoreTable(3, 3), set), Throws.ArgumentException.With.Message.Contains("3 samples for 3 classes do not fit set test: 4 samples of 3 classes"));
        var table = new ScoreTable(4, 3);
        table.Add(0, [1, 2, 3]);
        Assert.That(() => MultiLabelEvaluation.Of(table, set), Throws.InvalidOperationException.With.Message.Contains("sample 1 of 4 has no scores"));
        foreach (int sample in new[] { 0, 1, 2, 3 }) table.Add(sample, [1, 2, 3]);
        Assert.That(() => MultiLabelEvaluation.Of(table, set), Throws.InvalidOperationException.With.Message.Contains("sample 1 has scores of 1 crops, sample 0 of 2"));
        Assert.That(() => table.Add(4, [1, 2, 3]), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => table.Add(0, [1, 2]), Throws.ArgumentException.With.Message.Contains("2 scores, but there are 3 classes"));
        Assert.That(() => MultiLabelEvaluation.Of(Table([1, float.NaN, 1], [1, 1, 1], [1, 1, 1], [1, 1, 1]), set),
            Throws.ArgumentException.With.Message.Contains("class b: the score of sample 0 is not a number"));
        Assert.That(() => MultiLabelEvaluation.Of(Table([1, 2, 3]), new Labelled([1], isMultiLabel: false)), Throws.ArgumentException.With.Message.Contains("one class a sample"));
    }

    private static ScoreTable Table(params float[][] rows)
    {
        var table = new ScoreTable(rows.Length, 3);
        for (int i = 0; i < rows.Length; i++) table.Add(i, rows[i]);
        return table;
    }

    private sealed class Labelled(float[] labels, bool isMultiLabel = true) : Dataset("set", "test", ["a", "b", "c"], 3, labels, isMultiLabel)
    {
        public override string NameOf(int index) => $"{index}";

        public override void Read(int index, ImageBuffer picture, DecodeScale? scale = null) => throw new NotSupportedException("it has no pictures");
    }
}

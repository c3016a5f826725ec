using System.Text.Json;
using EvenNet.Framework;

namespace EvenNet.Tests;

public sealed class EvaluationRecordTests
{
    // Of class a: found, not, found, not; of class b nothing; the last sample is not judged for a.
    private static readonly Labelled Several = new([1, 0, 0, 0, 1, 0, 0, 0, Dataset.Ignored, 0], isMultiLabel: true);

    [Test]
    public void Average_precisions_are_written_and_read_back()
    {
        using var folder = new TemporaryFolder();
        var scores = new ScoreTable(5, 2);
        foreach ((int i, float score) in new[] { 9f, 8, 7, 6, 5 }.Index()) scores.Add(i, [score, -score]);
        EvaluationRecord record = EvaluationRecord.Of(new Evaluation(Several, scores, views: 10, loss: 1.5, seconds: 1)) with { Iteration = 400, Weights = "last.safetensors" };
        record.Write(folder[EvaluationRecord.FileName]);
        EvaluationRecord read = EvaluationRecord.Read(folder[EvaluationRecord.FileName]);
        Assert.That((read.Dataset, read.Split, read.Samples, read.Views, read.Iteration, read.Loss, read.Weights, read.SingleLabel),
            Is.EqualTo(("small set", "test", 5, 10, (int?)400, (double?)1.5, "last.safetensors", (SingleLabelRecord?)null)));
        ClassRecord a = read.MultiLabel!.Classes[0], b = read.MultiLabel.Classes[1];
        Assert.That((a.Name, a.Positives, a.Negatives, a.Ignored), Is.EqualTo(("a", 2, 2, 1)));
        Assert.That(a.Curve.Recall, Is.EqualTo(new[] { 0.5, 1 }));
        Assert.That(a.Curve.Precision, Is.EqualTo(new[] { 1, 0.666667 }));
        Assert.That(a.By(AveragePrecisionRule.Area), Is.EqualTo((1 + 2.0 / 3) / 2).Within(1e-15));
        Assert.That(a.By(AveragePrecisionRule.Voc11Point), Is.EqualTo((6 + 5 * 2.0 / 3) / 11).Within(1e-15));
        Assert.That(b.Curve.Recall, Is.Empty);
        foreach (AveragePrecisionRule rule in Enum.GetValues<AveragePrecisionRule>())
        {
            Assert.That(read.MultiLabel.Mean(rule), Is.EqualTo(a.By(rule)), "class b has no positive");
            Assert.That(b.By(rule), Is.Null);
        }
        Assert.That(folder.Names, Is.EqualTo(new[] { "evaluation.json" }));
    }

    [Test]
    public void Accuracies_and_confusion_are_written_and_read_back()
    {
        using var folder = new TemporaryFolder();
        var set = new Labelled([0, 0, 1], isMultiLabel: false);
        var scores = new ScoreTable(3, 2);
        foreach ((int i, float[] row) in new float[][] { [2, 1], [1, 2], [1, 2] }.Index()) scores.Add(i, row);
        EvaluationRecord.Of(new Evaluation(set, scores, views: 1, loss: double.NaN, seconds: 1)).Write(folder["e"]);
        Assert.That(EvaluationRecord.Read(folder["e"]).Loss, Is.Null);
        SingleLabelRecord read = EvaluationRecord.Read(folder["e"]).SingleLabel!;
        Assert.That((read.Top1, read.Top5, read.MeanRecall), Is.EqualTo(((double?)(2.0 / 3), (double?)null, (double?)0.75)));
        Assert.That(read.Confusion, Is.EqualTo(new long[][] { [1, 1], [0, 1] }));
        Assert.That((read.Count(0), read.Recall(0), read.Recall(1)), Is.EqualTo((2L, (double?)0.5, (double?)1)));
    }

    [Test]
    public void Long_curves_are_thinned_and_lists_have_a_line()
    {
        const int Count = 20_000;
        var random = new System.Random(3);
        double[] scores = [.. Enumerable.Range(0, Count).Select(_ => random.NextDouble())];
        float[] labels = [.. scores.Select(s => s + random.NextDouble() > 1 ? 1f : 0)];
        Ranking ranking = Ranking.Of(scores, labels);
        PrecisionRecallCurve curve = PrecisionRecallCurve.Of(ranking);
        Assert.That(ranking.Positives, Is.GreaterThan(9000));
        Assert.That(curve.Recall, Has.Count.EqualTo(curve.Precision.Count).And.Count.InRange(100, 210).And.Ordered);
        Assert.That(curve.Recall[^1], Is.EqualTo(1));
        Assert.That(curve.Precision.Max(), Is.EqualTo(ranking.Samples.Where(s => s.IsPositive).Max(s => s.Precision)).Within(1e-6));
        var record = new EvaluationRecord { Dataset = "d", Split = "s", Samples = Count, Views = 1, MultiLabel = new(null, null, null, [new("a", 1, 1, 0, null, null, null, curve)]) };
        Assert.That(record.ToJson().Split('\n').Count(line => line.Contains("\"recall\": [", StringComparison.Ordinal) && line.Contains("1]", StringComparison.Ordinal)), Is.EqualTo(1));
        using JsonDocument json = JsonDocument.Parse(record.ToJson());
        Assert.That(json.RootElement.GetProperty("multiLabel").GetProperty("classes")[0].GetProperty("curve").GetProperty("precision").GetArrayLength(), Is.EqualTo(curve.Precision.Count));
    }

    [TestCase("[", "is no record of an evaluation")]
    [TestCase("null", "it is null")]
    [TestCase("""{"dataset":"d","split":"s","samples":1,"views":1}""", "its format is not said, not evennet-evaluation-1")]
    [TestCase("""{"format":"evennet-evaluation-2","dataset":"d","split":"s","samples":1,"views":1}""", "its format is evennet-evaluation-2, not evennet-evaluation-1")]
    [TestCase("""{"format":"evennet-evaluation-1","dataset":"d","split":"s","samples":1,"views":1}""", "it has neither a multiLabel nor a singleLabel part")]
    [TestCase("""{"format":"evennet-evaluation-1","dataset":"d","split":"s","samples":1,"views":1,"singleLabel":{"classes":["a","b"],"confusion":[[1,2],[3]]}}""", "row 1 of the confusion has 1 counts for 2 classes")]
    [TestCase("""{"format":"evennet-evaluation-1","dataset":"d","split":"s","samples":1,"views":1,"singleLabel":{"classes":["a","b"],"confusion":[[1,2]]}}""", "the confusion has 1 rows for 2 classes")]
    [TestCase("""{"format":"evennet-evaluation-1","dataset":"d","split":"s","samples":1,"views":1,"singleLabel":{"classes":["a"],"confusion":[[1.5]]}}""", "a list of numbers holds 1.5")]
    [TestCase("""{"format":"evennet-evaluation-1","dataset":"d","split":"s","samples":1,"views":1,"multiLabel":{"classes":[{"name":"a","positives":1,"negatives":1,"ignored":0,"curve":{"recall":[1],"precision":[]}}]}}""", "the curve of a has 1 recalls but 0 precisions")]
    public void A_broken_record_is_named(string text, string message)
    {
        using var folder = new TemporaryFolder();
        Assert.That(() => EvaluationRecord.Read(folder["e"]), Throws.TypeOf<RunFileException>().With.Message.Contains("there is no such file"));
        File.WriteAllText(folder["e"], text);
        Assert.That(() => EvaluationRecord.Read(folder["e"]), Throws.TypeOf<RunFileException>().With.Message.StartsWith(folder["e"]).And.Message.Contains(message));
    }

    private sealed class Labelled(float[] labels, bool isMultiLabel) : Dataset("small set", "test", ["a", "b"], 3, labels, isMultiLabel)
    {
        public override string NameOf(int index) => $"{index}";

        public override void Read(int index, ImageBuffer picture, DecodeScale? scale = null) => throw new NotSupportedException("it has no pictures");
    }
}

using EvenNet.Framework;
using EvenNet.Kernels;

namespace EvenNet.Tests;

/// <summary>A net that puts out the pixels' levels: score c of a view is channel c / 64.</summary>
public sealed class EvaluatorTests
{
    // Levels of blue, green and red: class a is ranked 0, 2, 1, 3; b 3, 2, 1, 0; c 1, 0, 3, 2.
    private static readonly byte[][] Levels = [[200, 10, 90], [120, 20, 100], [150, 40, 5], [30, 70, 50]];

    [Test]
    public void Loss_and_precision_of_several_classes_agree_with_hand_computation()
    {
        // Of a the first and the third in rank are there; of b the first three, one of them to be ignored; of c none.
        float[] labels = [1, 0, 0, 1, Dataset.Ignored, 0, 0, 1, 0, 0, 1, 0];
        Evaluation found = Judge(new PixelDataset(Levels, labels, isMultiLabel: true), batch: 3);
        double loss = 0;
        for (int i = 0; i < labels.Length; i++)
            if (labels[i] != Dataset.Ignored) loss += Math.Log(1 + Math.Exp(Levels[i / 3][i % 3] / 64.0)) - labels[i] * Levels[i / 3][i % 3] / 64.0;
        Assert.That(found.Loss, Is.EqualTo(loss / 4).Within(1e-6));
        Assert.That(found.Precision!.Classes[0].By(AveragePrecisionRule.Step), Is.EqualTo((1 + 2.0 / 3) / 2).Within(1e-12));
        Assert.That(found.Precision.Classes[0].By(AveragePrecisionRule.Voc11Point), Is.EqualTo((6 + 5 * 2.0 / 3) / 11).Within(1e-12));
        Assert.That(found.Precision.Classes[1].By(AveragePrecisionRule.Area), Is.EqualTo(1));
        Assert.That(found.Precision.Classes[2].By(AveragePrecisionRule.Area), Is.Null);
        Assert.That(found.Values().Select(v => v.Key), Is.EqualTo(new[] { "loss", "map", "map.area", "map.step" }));
        Assert.That(found.Main, Is.EqualTo((1 + (6 + 5 * 2.0 / 3) / 11) / 2).Within(1e-12));
        Assert.That((found.MainName, found.Top.Count, found.Confusion), Is.EqualTo(("map", 0, (ConfusionMatrix?)null)));
    }

    // In training the net has a loss layer of its own; judged without dropout it is the same number.
    [Test]
    public void The_loss_is_the_one_that_is_trained([Values] bool isMultiLabel)
    {
        using var training = new TinyTraining(data: new PatternDataset(TinyTraining.Batch, isMultiLabel: isMultiLabel), dropout: 0);
        training.Train(5);
        using Evaluator judge = training.Judge(batch: TinyTraining.Batch);
        LabelledBatch batch = judge.Data.Batches().First();
        training.Net.Load(training.Parameters.Graph["data"], batch.Images);
        training.Net.Load(training.Parameters.Graph["label"], batch.Labels);
        training.Net.Forward(Phase.Test);
        Assert.That(judge.Run().Loss, Is.EqualTo(training.Net.Loss).Within(1e-5));
    }

    [Test]
    public void Loss_and_top_accuracy_of_one_class_agree_with_hand_computation()
    {
        Evaluation found = Judge(new PixelDataset(Levels, [0, 0, 1, 1]), batch: 4);
        double loss = Levels.Zip([0, 0, 1, 1], (l, c) => Math.Log(l.Sum(v => Math.Exp(v / 64.0))) - l[c] / 64.0).Average();
        Assert.That(found.Loss, Is.EqualTo(loss).Within(1e-6));
        Assert.That(found.Values().Select(v => v.Key), Is.EqualTo(new[] { "loss", "top1" }), "there are no more than five classes");
        Assert.That((found.Main, found.Top[0].Correct, found.Confusion![1, 0]), Is.EqualTo((0.75, 3, 1)));
    }

    // Two pixels side by side: of the ten views six show the left one, four the right.
    [Test]
    public void Views_are_averaged_as_probabilities_where_there_is_one_class_and_as_scores_where_there_are_several()
    {
        // The scores' mean is best for a, the probabilities' mean for b: the left pixel is sure of a, the right ones only just of b — and the other way round.
        byte[] left = [128, 150, 0], right = [250, 0, 0];
        var single = new PixelDataset([[.. left, .. right]], [0]);
        Evaluation found = Judge(single, batch: 1, new TenCrop());
        double[] p = [.. Enumerable.Range(0, 3).Select(c => 6 * Softmax(left, c) + 4 * Softmax(right, c))];
        Assert.That(found.Scores.Of(0).ToArray(), Is.EqualTo(p).Within(1e-5));
        Assert.That(found.Loss, Is.EqualTo(-(6 * Math.Log(Softmax(left, 0)) + 4 * Math.Log(Softmax(right, 0))) / 10).Within(1e-5));
        Assert.That(found.Views, Is.EqualTo(10));

        var multi = new PixelDataset([[.. left, .. right]], [1, 0, 1], isMultiLabel: true);
        double[] sums = [.. Enumerable.Range(0, 3).Select(c => (6.0 * left[c] + 4 * right[c]) / 64)];
        Assert.That(Judge(multi, batch: 1, new TenCrop()).Scores.Of(0).ToArray(), Is.EqualTo(sums).Within(1e-4));
    }

    [Test]
    public void What_is_ignored_changes_nothing()
    {
        float[] labels = [1, 0, 0, 1, Dataset.Ignored, 0, Dataset.Ignored, 1, 0, 0, 1, 1];
        byte[][] others = [.. Levels.Select(l => l.ToArray())];
        (others[1][1], others[2][0]) = (255, 0);
        Evaluation one = Judge(new PixelDataset(Levels, labels, isMultiLabel: true), batch: 2), other = Judge(new PixelDataset(others, labels, isMultiLabel: true), batch: 2);
        Assert.That(other.Scores.Of(1)[1], Is.Not.EqualTo(one.Scores.Of(1)[1]));
        Assert.That(other.Values(), Is.EqualTo(one.Values()));
    }

    [Test]
    public void Batches_workers_and_threads_change_nothing([Values] bool isMultiLabel, [Values(1, 10)] int views)
    {
        var data = new PatternDataset(23, isMultiLabel: isMultiLabel);
        KeyValuePair<string, double>[]? first = null;
        foreach ((int batch, int workers, int threads) in new[] { (1, 1, 1), (5, 4, 2), (23, 2, 1), (7, 1, 2) })
        {
            using var training = new TinyTraining(data: data, threads: threads);
            training.Train(10);
            using Evaluator judge = training.Judge(batch: batch, views: views, workers: workers);
            int[] bits = training.Bits();
            KeyValuePair<string, double>[] values = [.. judge.Run().Values()];
            Assert.That(judge.Run().Values(), Is.EqualTo(values), "once more");
            Assert.That(training.Bits(), Is.EqualTo(bits));
            first ??= values;
            // Other batches may take other kernels, which round otherwise.
            foreach ((KeyValuePair<string, double> a, KeyValuePair<string, double> b) in values.Zip(first)) Assert.That(a.Value, Is.EqualTo(b.Value).Within(a.Key == "loss" ? 1e-5 : 0), $"{a.Key}, batch {batch}");
        }
    }

    [Test]
    public void Progress_goes_to_one_and_a_cancelled_evaluation_ends()
    {
        using var training = new TinyTraining();
        using Evaluator judge = training.Judge(batch: 16);
        List<double> shares = [];
        judge.Run(new Shares(shares.Add));
        Assert.That(shares, Is.EqualTo(new[] { 0.4, 0.8, 1 }));
        using var cancellation = new CancellationTokenSource();
        Assert.That(() => judge.Run(new Shares(_ => cancellation.Cancel()), cancellation.Token), Throws.InstanceOf<OperationCanceledException>());
        judge.Try();
    }

    [Test]
    public void Parts_that_do_not_fit_are_told_apart()
    {
        using var training = new TinyTraining();
        Assert.That(() => new Evaluator(training.Parameters, training.Scores, training.Trainer.Data), Throws.ArgumentException.With.Message.Contains("once, in order"));
        Assert.That(() => training.Judge(new PatternDataset(10, classes: 5)), Throws.ArgumentException.With.Message.Contains("fc2 puts out 4 scores, patterns all: 10 samples of 5 classes need 5"));
        Assert.That(() => new Evaluator(training.Parameters, training.Scores, new DataLoader(training.Data, new Augmentation(new Shape(3, 10, 10)), LoaderOptions.Once(2, 1))),
            Throws.ArgumentException.With.Message.Contains("the data give pictures of 3×10×10; fc2 is computed from data of 3×12×12"));
    }

    private static double Softmax(byte[] levels, int c) => Math.Exp(levels[c] / 64.0) / levels.Sum(l => Math.Exp(l / 64.0));

    private static Evaluation Judge(PixelDataset data, int batch, CropRule? crop = null)
    {
        using Backend backend = Backends.Open("cpu", 1);
        Node scores = Node.Input("data", 3, 1, 1).InnerProduct("same", 3);
        using var parameters = new ParameterSet(Graph.Of(scores), backend);
        parameters["same.weight"].Write([1, 0, 0, 0, 1, 0, 0, 0, 1]);
        using var judge = new Evaluator(parameters, scores, new DataLoader(data, new Augmentation(new Shape(3, 1, 1)) { Crop = crop ?? new CentreCrop(), Scale = 1 / 64f }, LoaderOptions.Once(batch, 1)));
        return judge.Run();
    }

    // Pictures one pixel high.
    private sealed class PixelDataset(byte[][] levels, float[] labels, bool isMultiLabel = false) : Dataset("pixels", "all", ["a", "b", "c"], channels: 3, labels, isMultiLabel)
    {
        public override string NameOf(int index) => $"pixel {index}";

        public override void Read(int index, ImageBuffer picture, DecodeScale? scale = null) => levels[index].CopyTo(picture.Begin(levels[index].Length / 3, 1));
    }

    private sealed class Shares(Action<double> report) : IProgress<double>
    {
        public void Report(double value) => report(value);
    }
}

using EvenNet.Framework;

namespace EvenNet.Tests;

public sealed class AccuracyTests
{
    [TestCase(1, 2)]
    [TestCase(2, 3)]
    [TestCase(3, 4)]
    public void A_sample_is_right_where_its_class_is_among_the_best(int k, int right)
    {
        var accuracy = new TopAccuracy(k);
        float[][] scores = [[0.1f, 0.7f, 0.2f], [0.5f, 0.3f, 0.2f], [0.5f, 0.3f, 0.2f], [0.5f, 0.3f, 0.2f]];
        int[] labels = [1, 0, 1, 2];
        for (int i = 0; i < labels.Length; i++) accuracy.Add<float>(scores[i], labels[i]);
        Assert.That((accuracy.Correct, accuracy.Count), Is.EqualTo((right, 4)));
        Assert.That(accuracy.Value, Is.EqualTo(right / 4.0));
    }

    // Caffe counts the classes whose score is at least the sample's own, itself excepted; it is right where there are fewer than k.
    [TestCase(1, false)]
    [TestCase(2, false)]
    [TestCase(3, true)]
    public void Ties_stand_before_the_own_class_as_in_Caffe(int k, bool isRight)
    {
        foreach (int label in new[] { 0, 1, 2 })
        {
            var accuracy = new TopAccuracy(k);
            accuracy.Add<double>([1, 1, 1, 0], label);
            Assert.That(accuracy.Correct, Is.EqualTo(isRight ? 1 : 0), $"label {label}");
        }
    }

    [Test]
    public void Scores_that_are_no_numbers_are_never_right()
    {
        var accuracy = new TopAccuracy(5);
        accuracy.Add<double>([double.NaN, double.NaN, double.NaN], 1);
        accuracy.Add<double>([0, double.NaN, 0], 1);
        Assert.That((accuracy.Correct, accuracy.Count), Is.EqualTo((0, 2)));
        var top = new TopAccuracy();
        top.Add<double>([double.NaN, 1, 0], 1);
        Assert.That(top.Correct, Is.Zero, "a score that is no number stands before");
    }

    [Test]
    public void Ignored_labels_do_not_count_and_unknown_ones_are_refused()
    {
        var accuracy = new TopAccuracy(5);
        Assert.That(accuracy.Value, Is.Null);
        accuracy.Add<float>([1, 2], (int)Dataset.Ignored);
        Assert.That((accuracy.Count, accuracy.Value), Is.EqualTo((0, (double?)null)));
        Assert.That(() => accuracy.Add<float>([1, 2], 2), Throws.ArgumentException.With.Message.Contains("label 2 is none of the classes 0 … 1"));
        Assert.That(() => new TopAccuracy(0), Throws.TypeOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public void A_confusion_matrix_counts_rows_of_classes_and_columns_of_guesses()
    {
        var matrix = new ConfusionMatrix(["cat", "dog", "cow"]);
        (int Actual, int Predicted)[] seen = [(0, 0), (0, 0), (0, 1), (1, 1), (1, 0), (1, 2), (1, 1), ((int)Dataset.Ignored, 2)];
        foreach ((int actual, int predicted) in seen) matrix.Add(actual, predicted);
        Assert.That((matrix[0, 0], matrix[0, 1], matrix[1, 0], matrix[1, 1], matrix[1, 2], matrix.Count), Is.EqualTo((2L, 1L, 1L, 2L, 1L, 7L)));
        Assert.That(matrix.Accuracy, Is.EqualTo(4.0 / 7));
        Assert.That((matrix.Recall(0), matrix.Recall(1), matrix.Recall(2)), Is.EqualTo(((double?)(2.0 / 3), (double?)0.5, (double?)null)));
        Assert.That((matrix.Precision(0), matrix.Precision(1), matrix.Precision(2)), Is.EqualTo(((double?)(2.0 / 3), (double?)(2.0 / 3), (double?)0)));
        Assert.That(matrix.MeanRecall, Is.EqualTo((2.0 / 3 + 0.5) / 2).Within(1e-15));
    }

    [Test]
    public void A_confusion_matrix_takes_the_first_of_the_best_scores()
    {
        var matrix = new ConfusionMatrix(["a", "b", "c"]);
        Assert.That((matrix.Accuracy, matrix.MeanRecall), Is.EqualTo(((double?)null, (double?)null)));
        matrix.Add<float>([1, 3, 3], 2);
        matrix.Add<float>([float.NaN, -5, -6], 1);
        Assert.That((matrix[2, 1], matrix[1, 1]), Is.EqualTo((1L, 1L)));
        Assert.That(() => matrix.Add<float>([1, 2], 0), Throws.ArgumentException.With.Message.Contains("2 scores for 3 classes"));
        Assert.That(() => matrix.Add(3, 0), Throws.ArgumentException.With.Message.Contains("label 3"));
        Assert.That(() => matrix.Add(0, -1), Throws.ArgumentException.With.Message.Contains("label -1"));
    }
}

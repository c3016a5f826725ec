using EvenNet.Detection;
using EvenNet.Framework;

namespace EvenNet.Tests.Detection;

public sealed class DetectionEvaluationTests
{
    private static readonly string[] One = ["cat"];

    private static VocObject Object(PixelBox box, bool difficult = false, int @class = 0) => new(@class, box, difficult, IsTruncated: false);

    private static PixelBox Box(float left) => new(left, 0, left + 9, 9);

    private static Ranking Rank(VocObject[][] objects, Found[][] found) => DetectionEvaluation.Of(One, objects, found).Precision.Classes[0].Ranking;

    // Five objects in three pictures; by falling score: hit, error, hit, second hit of the same (error), hit, difficult (not judged), error.
    // Precision at the hits: 1, 2/3, 3/5; recall 1/5, 2/5, 3/5.
    private static readonly VocObject[][] Objects =
    [
        [Object(Box(0)), Object(Box(100))],
        [Object(Box(0)), Object(Box(200), difficult: true)],
        [Object(Box(0)), Object(Box(50))],
    ];

    private static readonly Found[][] Detections =
    [
        [new(0, 0.9f, Box(1)), new(0, 0.6f, Box(2)), new(0, 0.1f, Box(300))],
        [new(0, 0.8f, Box(400)), new(0, 0.7f, Box(0)), new(0, 0.3f, Box(201))],
        [new(0, 0.5f, Box(51))],
    ];

    [Test]
    public void Averages_are_those_computed_by_hand()
    {
        Ranking ranking = Rank(Objects, Detections);
        Assert.That(ranking.Positives, Is.EqualTo(5));
        Assert.That(ranking.Ignored, Is.EqualTo(1));
        Assert.That(ranking.Negatives, Is.EqualTo(3));
        Assert.That(ranking.Samples.Select(s => s.IsPositive), Is.EqualTo(new[] { true, false, true, false, true, false }));
        // Recall 0, .1, .2 → 1; .3, .4 → 2/3; .5, .6 → 3/5; .7 … 1 → 0.
        Assert.That(ranking.AveragePrecision(AveragePrecisionRule.Voc11Point), Is.EqualTo((3 + 2 * 2 / 3.0 + 2 * 3 / 5.0) / 11).Within(1e-12));
        Assert.That(ranking.AveragePrecision(AveragePrecisionRule.Area), Is.EqualTo((1 + 2 / 3.0 + 3 / 5.0) / 5).Within(1e-12));
    }

    [Test]
    public void The_envelope_takes_the_best_precision_from_there_on()
    {
        // Error, hit, hit, hit of four: precision 1/2, 2/3, 3/4.
        Ranking ranking = Rank(
            [[Object(Box(0)), Object(Box(20)), Object(Box(40)), Object(Box(60))]],
            [[new(0, 4, Box(500)), new(0, 3, Box(0)), new(0, 2, Box(20)), new(0, 1, Box(40))]]);
        Assert.That(ranking.AveragePrecision(AveragePrecisionRule.Area), Is.EqualTo(0.75 * 3 / 4).Within(1e-12));
        // Recall up to 0.7 is reached.
        Assert.That(ranking.AveragePrecision(AveragePrecisionRule.Voc11Point), Is.EqualTo(8 * 0.75 / 11).Within(1e-12));
    }

    [Test]
    public void Equal_scores_are_taken_in_the_order_of_pictures_and_then_their_own()
    {
        VocObject[][] objects = [[Object(Box(0))], [Object(Box(0))]];
        Assert.That(Rank(objects, [[new(0, 1, Box(500))], [new(0, 1, Box(0))]]).Samples.Select(s => s.IsPositive), Is.EqualTo(new[] { false, true }));
        Assert.That(Rank(objects, [[new(0, 1, Box(0))], [new(0, 1, Box(500))]]).Samples.Select(s => s.IsPositive), Is.EqualTo(new[] { true, false }));
        // Of two equal hits of one object the first counts, though the second overlaps more.
        Ranking twice = Rank(objects, [[new(0, 1, Box(2)), new(0, 1, Box(0))], []]);
        Assert.That(twice.Samples.Select(s => s.IsPositive), Is.EqualTo(new[] { true, false }));
    }

    [Test]
    public void A_detection_belongs_to_the_object_that_it_overlaps_most_even_if_another_is_free()
    {
        // Both detections overlap the first object most; the second is enough for neither to be a hit of the other object.
        VocObject[][] objects = [[Object(new PixelBox(0, 0, 9, 9)), Object(new PixelBox(2, 0, 11, 9))]];
        Ranking ranking = Rank(objects, [[new(0, 2, new PixelBox(0, 0, 9, 9)), new(0, 1, new PixelBox(0, 0, 10, 9))]]);
        Assert.That(ranking.Samples.Select(s => s.IsPositive), Is.EqualTo(new[] { true, false }));
    }

    [Test]
    public void Half_an_overlap_is_enough_and_less_is_not()
    {
        // 10×10 against 10×5 inside it: exactly a half.
        Assert.That(Rank([[Object(new PixelBox(0, 0, 9, 9))]], [[new(0, 1, new PixelBox(0, 0, 9, 4))]]).Samples[0].IsPositive, Is.True);
        Assert.That(Rank([[Object(new PixelBox(0, 0, 9, 9))]], [[new(0, 1, new PixelBox(0, 0, 9, 3.99f))]]).Samples[0].IsPositive, Is.False);
    }

    [Test]
    public void Difficult_objects_are_neither_found_nor_missed_however_often_they_are_hit()
    {
        Ranking ranking = Rank([[Object(Box(0), difficult: true)], [Object(Box(0))]], [[new(0, 3, Box(0)), new(0, 2, Box(0))], [new(0, 1, Box(0))]]);
        Assert.That((ranking.Positives, ranking.Ignored, ranking.Samples.Count), Is.EqualTo((1, 2, 1)));
        Assert.That(ranking.AveragePrecision(AveragePrecisionRule.Voc11Point), Is.EqualTo(1));
    }

    [Test]
    public void Classes_without_objects_are_left_out_of_the_mean_and_one_without_detections_counts_nothing()
    {
        string[] classes = ["cat", "dog", "cow"];
        VocObject[][] objects = [[Object(Box(0)), Object(Box(50), @class: 1)]];
        Found[][] found = [[new(0, 1, Box(0)), new(2, 1, Box(0))]];
        DetectionEvaluation evaluation = DetectionEvaluation.Of(classes, objects, found);
        Assert.That(evaluation.Precision.Classes.Select(c => c.By(AveragePrecisionRule.Area)), Is.EqualTo(new double?[] { 1, 0, null }));
        Assert.That(evaluation.Mean(AveragePrecisionRule.Voc11Point), Is.EqualTo(0.5));
        Assert.That(evaluation.Values().Select(v => v.Key), Is.EqualTo(new[] { "map", "map.area", "map.step" }));
    }

    [Test]
    public void What_cannot_be_ranked_is_refused()
    {
        Assert.That(() => Rank([[]], [[new(0, float.NaN, Box(0))]]), Throws.ArgumentException.With.Message.Contains("picture 0"));
        Assert.That(() => Rank([[]], [[new(1, 1, Box(0))]]), Throws.ArgumentException.With.Message.Contains("class 1"));
        Assert.That(() => Rank([[]], [[], []]), Throws.ArgumentException);
    }

    [Test]
    public void Results_come_back_from_VOCs_files_as_they_were()
    {
        using var folder = new TemporaryFolder();
        string[] classes = ["cat", "dog"], pictures = ["000001", "000007"];
        var random = new Random(3);
        Found[][] found = [.. pictures.Select(_ => Enumerable.Range(0, 20).Select(i => new Found(i / 10, random.NextSingle(),
            new PixelBox(random.NextSingle() * 300, random.NextSingle() * 300, random.NextSingle() * 300, random.NextSingle() * 300))).ToArray())];
        VocResults.Write(folder["results"], "test", classes, pictures, found);
        Assert.That(Directory.GetFiles(folder["results"]).Select(f => Path.GetFileName(f)), Is.EquivalentTo(new[] { "comp4_det_test_cat.txt", "comp4_det_test_dog.txt" }));
        Assert.That(VocResults.Read(folder["results"], "test", classes, pictures), Is.EqualTo(found));
    }

    [Test]
    public void Pixels_are_counted_from_one_in_VOCs_files()
    {
        using var folder = new TemporaryFolder();
        VocResults.Write(folder["r"], "test", One, ["000001"], [[new(0, 0.5f, new PixelBox(0, 1.5f, 9, 19))]]);
        Assert.That(File.ReadAllText(Path.Combine(folder["r"], "comp4_det_test_cat.txt")), Is.EqualTo("000001 0.5 1 2.5 10 20\n"));
    }

    [TestCase("000001 0.5 1 2 3", "line 2")]
    [TestCase("000001 high 1 2 3 4", "line 2")]
    [TestCase("000001 0.5 1 2 3 inf", "line 2")]
    [TestCase("000009 0.5 1 2 3 4", "000009 is not among")]
    public void A_broken_result_is_told_with_its_line(string line, string message)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["comp4_det_test_cat.txt"], $"000001 1 1 2 3 4\n{line}\n");
        Assert.That(() => VocResults.Read(Path.GetDirectoryName(folder["x"])!, "test", One, ["000001"]), Throws.TypeOf<ImageSourceException>().With.Message.Contains(message));
        Assert.That(() => VocResults.Read(Path.GetDirectoryName(folder["x"])!, "val", One, ["000001"]), Throws.TypeOf<ImageSourceException>().With.Message.Contains("comp4_det_val_CLASS.txt"));
    }
}

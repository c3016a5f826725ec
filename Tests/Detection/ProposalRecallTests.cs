using EvenNet.Detection;
using EvenNet.Framework;

namespace EvenNet.Tests.Detection;

public sealed class ProposalRecallTests
{
    private static readonly PixelBox Square = new(0, 0, 9, 9);

    // Of 100 pixels the first box has 50, the second 80.
    private static ProposalRecall Recall()
    {
        var recall = new ProposalRecall();
        recall.Add(new VocAnnotation(50, 50, [new VocObject(3, Square, false, false), new VocObject(3, Square, IsDifficult: true, false)]), [new PixelBox(0, 0, 9, 4), new PixelBox(0, 0, 9, 7)]);
        recall.Add(new VocAnnotation(50, 50, [new VocObject(5, Square, false, false)]), []);
        return recall;
    }

    [Test]
    public void An_object_is_found_where_one_of_the_first_boxes_overlaps_far_enough()
    {
        ProposalRecall recall = Recall();
        Assert.Multiple(() =>
        {
            Assert.That((recall.Pictures, recall.Objects), Is.EqualTo((2, 2)), "difficult objects do not count");
            Assert.That(recall.At(0.5), Is.EqualTo(0.5), "an overlap of exactly the threshold counts");
            Assert.That(recall.At(0.7, most: 1), Is.Zero);
            Assert.That(recall.At(0.7, most: 2), Is.EqualTo(0.5));
            Assert.That(recall.At(0.5, @class: 3), Is.EqualTo(1));
            Assert.That(recall.At(0.5, @class: 5), Is.Zero, "a picture without boxes");
            Assert.That(recall.At(0.5, @class: 7), Is.NaN);
            Assert.That(recall.MeanBestOverlap(), Is.EqualTo((0.8 + 0) / 2).Within(1e-12));
            Assert.That(recall.MeanBoxes(1), Is.EqualTo(0.5));
        });
    }

    [Test]
    public void Nothing_is_found_of_nothing() => Assert.That(new ProposalRecall().At(0.5), Is.NaN);
}

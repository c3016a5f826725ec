using EvenNet.Detection;
using EvenNet.Framework;
using EvenNet.Kernels;

namespace EvenNet.Tests.Detection;

public sealed class SelectiveSearchTests
{
    private static Image Picture(int width = 160, int height = 120, int seed = 3) => Cli.PictureFolder.Picture(new Random(seed), width, height);

    [Test]
    public void The_same_boxes_are_found_whatever_the_number_of_threads()
    {
        var search = new SelectiveSearch();
        IReadOnlyList<PixelBox> one = search.Run(Picture());
        foreach (int threads in (int[])[2, 3, 8]) Assert.That(search.Run(Picture(), threads), Is.EqualTo(one));
        Assert.That(one, Has.Count.GreaterThan(20));
    }

    [Test]
    public void Boxes_are_inside_wide_enough_and_each_there_once([Values(8, 20)] int least)
    {
        var search = new SelectiveSearch(new() { LeastSide = least });
        IReadOnlyList<PixelBox> boxes = search.Run(Picture());
        Assert.That(boxes, Is.Not.Empty.And.Unique);
        foreach (PixelBox b in boxes)
        {
            Assert.That(Math.Min(b.Width, b.Height), Is.GreaterThanOrEqualTo(least));
            Assert.That(b.Clip(160, 120), Is.EqualTo(b));
        }
    }

    [Test]
    public void The_whole_picture_is_among_the_boxes_and_early()
    {
        IReadOnlyList<PixelBox> boxes = new SelectiveSearch().Run(Picture());
        Assert.That(boxes.Take(boxes.Count / 4), Does.Contain(new PixelBox(0, 0, 159, 119)));
    }

    [Test]
    public void The_seed_changes_the_order_and_not_the_boxes()
    {
        IReadOnlyList<PixelBox> one = new SelectiveSearch(new() { Seed = 1 }).Run(Picture()), other = new SelectiveSearch(new() { Seed = 2 }).Run(Picture());
        Assert.That(other, Is.EquivalentTo(one).And.Not.EqualTo(one));
    }

    // A rectangle in an even picture is a region of its own, so its box is found to the pixel, but for what the smoothing blurs.
    [Test]
    public void A_plain_rectangle_is_found()
    {
        var image = new Image(200, 150);
        image.Pixels.AsSpan().Fill(60);
        for (int y = 40; y <= 99; y++) image.Row(y).Slice(3 * 50, 3 * 80).Fill(200);
        double best = new SelectiveSearch().Run(image).Max(b => b.IoU(new PixelBox(50, 40, 129, 99)));
        Assert.That(best, Is.GreaterThan(0.9));
    }

    [Test]
    public void Small_flat_grey_and_tall_pictures_have_their_boxes()
    {
        var search = new SelectiveSearch();
        var all = new SelectiveSearch(new() { LeastSide = 1 });
        var grey = new Image(90, 70);
        Image colours = Picture(90, 70);
        byte[] levels = colours.ToGrey();
        for (int i = 0; i < levels.Length; i++) grey.Pixels.AsSpan(3 * i, 3).Fill(levels[i]);
        Assert.Multiple(() =>
        {
            Assert.That(search.Run(new Image(1, 1)), Is.Empty, "smaller than the least side");
            Assert.That(all.Run(new Image(1, 1)), Is.EqualTo(new[] { new PixelBox(0, 0, 0, 0) }));
            Assert.That(all.Run(new Image(1, 40)), Does.Contain(new PixelBox(0, 0, 0, 39)));
            Assert.That(search.Run(new Image(50, 60)), Is.EqualTo(new[] { new PixelBox(0, 0, 49, 59) }), "one colour is one region");
            Assert.That(search.Run(grey), Has.Count.GreaterThan(5));
            Assert.That(search.Run(new Image(9, 3000)), Does.Contain(new PixelBox(0, 0, 8, 2999)));
        });
    }

    [Test]
    public void A_larger_picture_is_searched_smaller_and_its_boxes_are_its_own()
    {
        Image large = new(800, 600), small = Picture(400, 300);
        Resize.Bilinear(small.Pixels, 400, 300, 3, large.Pixels, 800, 600);
        IReadOnlyList<PixelBox> boxes = new SelectiveSearch(new() { LongestSide = 400 }).Run(large);
        Assert.That(boxes, Does.Contain(new PixelBox(0, 0, 799, 599)));
        Assert.That(boxes.All(b => b.Left % 2 == 0 && b.Right % 2 == 1), "every box consists of pixels of the picture at half the size");
    }

    [Test]
    public void Settings_out_of_range_are_refused() =>
        Assert.Multiple(() =>
        {
            Assert.That(() => new SelectiveSearch(new() { Scales = [] }), Throws.ArgumentException);
            Assert.That(() => new SelectiveSearch(new() { Scales = [float.NaN] }), Throws.ArgumentException);
            Assert.That(() => new SelectiveSearch(new() { ColourSpaces = [] }), Throws.ArgumentException);
            Assert.That(() => new SelectiveSearch(new() { UsesColour = false, UsesTextureAlone = false }), Throws.ArgumentException);
            Assert.That(() => new SelectiveSearch(new() { LeastSide = 0 }), Throws.ArgumentException);
        });

    [Test]
    public void Ninety_per_cent_of_the_objects_of_real_photographs_are_found()
    {
        using JpegDecoder jpeg = new();
        var files = new ImageFiles(jpeg);
        string root = SharedData.Require("data", "voc-mini", "VOCdevkit");
        VocDataset voc = VocDataset.Open(root, "test", files, checkAnnotations: false);
        var search = new SelectiveSearch();
        var recall = new ProposalRecall();
        const int pictures = 24;
        for (int i = 0; i < pictures; i++)
        {
            int at = i * voc.Count / pictures;
            recall.Add(voc.Annotation(at), search.Run(files.Open(Path.Combine(root, "VOC2007", "JPEGImages", voc.Id(at) + ".jpg"))));
        }
        TestContext.Out.WriteLine($"{pictures} pictures, {recall.Objects} objects, {recall.MeanBoxes(2000):F0} boxes each: {recall.At(0.5, 2000):P1} at 0.5");
        Assert.That(recall.At(0.5, 2000), Is.GreaterThanOrEqualTo(0.9));
    }
}

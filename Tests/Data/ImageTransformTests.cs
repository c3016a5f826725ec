using System.Text.Json;
using EvenNet.Framework;
using EvenNet.Kernels;

namespace EvenNet.Tests;

public sealed class ImageTransformTests
{
    private static readonly string[] Names = ["a.png", "b.png", "g.png", "j.jpg"];

    private static readonly ImageTransform Plain = new(20, 26) { Mean = default };

    // The recorded runs: the transform that reproduces them.
    private static IEnumerable<TestCaseData> Recorded() =>
    [
        new TestCaseData("plain", Plain).SetArgDisplayNames("plain"),
        new TestCaseData("resize_up", new ImageTransform(32, 40) { Mean = default }).SetArgDisplayNames("resize_up"),
        new TestCaseData("resize_down", new ImageTransform(9, 11) { Mean = default }).SetArgDisplayNames("resize_down"),
        new TestCaseData("crop_mean_scale", new ImageTransform(13, 13) { Fit = ImageFit.Crop, ResizeTo = 0, Scale = 1 / 128f }).SetArgDisplayNames("crop_mean_scale"),
    ];

    [TestCaseSource(nameof(Recorded))]
    public void Png_pictures_come_out_bit_for_bit_as_Caffe_and_OpenCV_make_them(string variant, ImageTransform transform)
    {
        (_, float[] expected) = SharedData.GoldenTensor(SharedData.Golden("image_data"), $"{variant}/data");
        for (int n = 0; n < 3; n++)
            Assert.That(Transform(new ImageFiles(), n, transform), Is.EqualTo(expected[(n * transform.Shape.Count)..((n + 1) * transform.Shape.Count)]), Names[n]);
    }

    [TestCaseSource(nameof(Recorded))]
    public void A_jpeg_comes_out_within_two_levels(string variant, ImageTransform transform)
    {
        (_, float[] expected) = SharedData.GoldenTensor(SharedData.Golden("image_data"), $"{variant}/data");
        using JpegDecoder decoder = JpegTests.Require();
        float[] actual = Transform(new ImageFiles(decoder), 3, transform);
        float worst = actual.Zip(expected[^actual.Length..], (a, e) => Math.Abs(a - e)).Max() / transform.Scale;
        TestContext.Out.WriteLine($"{variant}: worst difference {worst} levels");
        Assert.That(worst, Is.LessThanOrEqualTo(2), "levels");
    }

    [Test]
    public void Grey_comes_out_bit_for_bit_as_OpenCV_makes_it()
    {
        (_, float[] expected) = SharedData.GoldenTensor(SharedData.Golden("image_data"), "gray/data");
        for (int n = 0; n < 3; n++)
            Assert.That(new ImageFiles().Open(SharedData.Require("goldens", "image_data", Names[n])).ToGrey().Select(value => (float)value), Is.EqualTo(expected[(n * 520)..((n + 1) * 520)]), Names[n]);
    }

    [Test]
    public void A_mean_picture_can_be_subtracted_from_the_cut()
    {
        JsonElement golden = SharedData.Golden("image_data");
        (_, float[] expected) = SharedData.GoldenTensor(golden, "meanfile_crop/data");
        (_, float[] mean) = SharedData.GoldenTensor(golden, "mean_binaryproto");
        float[] actual = Transform(new ImageFiles(), 1, new ImageTransform(12, 12) { Fit = ImageFit.Crop, ResizeTo = 0, Mean = default });
        for (int i = 0; i < actual.Length; i++)
        {
            (int c, int y, int x) = (i / 144, i / 12 % 12, i % 12);
            Assert.That(actual[i] - mean[(c * 20 + y + 4) * 26 + x + 7], Is.EqualTo(expected[actual.Length + i]), $"channel {c}, {x}, {y}");
        }
    }

    [Test]
    public void Crop_keeps_the_proportions_and_takes_the_middle()
    {
        var image = new Image(40, 20);
        for (int i = 0; i < image.Pixels.Length; i++) image.Pixels[i] = (byte)(i / 3 % 40);
        var transform = new ImageTransform(10, 10) { Fit = ImageFit.Crop, ResizeTo = 10, Mean = new(1, 2, 3), Scale = 2 };
        float[] values = new float[300];
        transform.Apply(image, values);
        // Halved, columns are 0.5, 2.5, 4.5, … rounded up; the middle ten of twenty start at column 5.
        for (int c = 0; c < 3; c++)
            for (int i = 0; i < 100; i++)
                Assert.That(values[100 * c + i], Is.EqualTo((2 * (5 + i % 10) + 1 - (1 + c)) * 2));
    }

    [Test]
    public void A_single_pixel_is_enlarged_and_one_colour_stays_itself([Values] ImageFit fit)
    {
        float[] values = new float[3 * 7 * 5];
        new ImageTransform(7, 5) { Fit = fit, ResizeTo = 9, Mean = default }.Apply(new Image(1, 1, [10, 200, 255]), values);
        Assert.That(values[..35], Is.All.EqualTo(10));
        Assert.That(values[35..70], Is.All.EqualTo(200));
        Assert.That(values[70..], Is.All.EqualTo(255));
    }

    [Test]
    public void A_resize_agrees_with_the_formula_in_floating_point()
    {
        var random = new Random(6);
        foreach ((int width, int height, int newWidth, int newHeight) in new[] { (50, 37, 22, 23), (7, 9, 31, 20), (1, 5, 4, 4), (6, 1, 2, 8), (20, 20, 10, 10), (3, 3, 3, 5) })
        {
            var image = new Image(width, height);
            random.NextBytes(image.Pixels);
            byte[] actual = new byte[3 * newWidth * newHeight];
            Resize.Bilinear(image.Pixels, width, height, 3, actual, newWidth, newHeight);
            for (int y = 0; y < newHeight; y++)
                for (int x = 0; x < newWidth; x++)
                    for (int c = 0; c < 3; c++)
                        Assert.That(actual[3 * (y * newWidth + x) + c], Is.EqualTo(Sample(image, (x + 0.5) * width / newWidth - 0.5, (y + 0.5) * height / newHeight - 0.5, c)).Within(1), $"{width}×{height} to {newWidth}×{newHeight} at {x}, {y}");
        }
    }

    [Test]
    public void A_cut_larger_than_the_picture_says_both_sizes() =>
        Assert.That(() => new ImageTransform(10, 10) { Fit = ImageFit.Crop, ResizeTo = 8 }.Apply(new Image(16, 16), new float[300]),
            Throws.ArgumentException.With.Message.EqualTo("a cut of 10×10 does not fit into 8×8 pixels (ResizeTo is 8)"));

    [Test]
    public void A_transform_does_not_allocate_once_its_buffers_are_there()
    {
        var image = new Image(60, 50);
        var transform = new ImageTransform(32, 32);
        float[] values = new float[transform.Shape.Count];
        for (int warm = 0; warm < 3; warm++) transform.Apply(image, values);
        long before = GC.GetAllocatedBytesForCurrentThread();
        transform.Apply(image, values);
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);
    }

    private static float[] Transform(ImageFiles files, int n, ImageTransform transform)
    {
        float[] values = new float[transform.Shape.Count];
        transform.Apply(files.Open(SharedData.Require("goldens", "image_data", Names[n])), values);
        return values;
    }

    private static double Sample(Image image, double x, double y, int c)
    {
        int left = (int)Math.Floor(x), top = (int)Math.Floor(y);
        double fx = x - left, fy = y - top;
        double At(int column, int row) => image.Row(Math.Clamp(row, 0, image.Height - 1))[3 * Math.Clamp(column, 0, image.Width - 1) + c];
        return (1 - fy) * ((1 - fx) * At(left, top) + fx * At(left + 1, top)) + fy * ((1 - fx) * At(left, top + 1) + fx * At(left + 1, top + 1));
    }
}

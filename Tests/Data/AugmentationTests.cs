using System.Text.Json;
using EvenNet.Framework;
using EvenNet.Kernels;

namespace EvenNet.Tests;

public sealed class AugmentationTests
{
    [Test]
    public void A_scaled_cut_takes_each_value_where_the_formula_says([Values(0.1, 0.45, 0.9)] double scale, [Values(0, 0.3, 1)] double place, [Values] bool mirror)
    {
        const int width = 40, height = 33, side = 16;
        ImageBuffer picture = Noise(width, height, seed: 3);
        // The draws: step, column, row, mirroring.
        var random = new FixedDraws([scale, place, 1 - place, mirror ? 0.2 : 0.7]);
        float[] actual = new float[3 * side * side];
        new Augmentation(new Shape(3, side, side)) { Crop = new RandomScaleCrop(), Mirror = true, Mean = new BgrMean(104, 117, 123), Scale = 0.5f }.Apply(picture, random, actual);

        double most = Math.Min(2, Math.Min((double)height / side, (double)width / side)), u = 0.5 + (most - 0.5) * scale;
        double left = place * (width - u * side), top = (1 - place) * (height - u * side);
        double[] mean = [104, 117, 123];
        double worst = 0;
        int outside = 0;
        for (int c = 0; c < 3; c++)
            for (int y = 0; y < side; y++)
                for (int x = 0; x < side; x++)
                {
                    double column = mirror ? left + u * side - u * x : left + u * x, row = top + u * y;
                    // At the very edge rounding decides what is inside.
                    if (Math.Abs(column - width) < 1e-4) { outside++; continue; }
                    double expected = column < 0 || row < 0 || column >= width || row >= height ? 0 : (Between(picture, column, row, c) - mean[c]) * 0.5;
                    worst = Math.Max(worst, Math.Abs(actual[(c * side + y) * side + x] - expected));
                }
        TestContext.Out.WriteLine($"worst difference {worst:E1} levels, {outside} values at the edge");
        Assert.That(worst, Is.LessThan(2e-3), "levels, from float positions of up to 40 pixels");
        Assert.That(outside, Is.LessThanOrEqualTo(3 * side));
    }

    [Test]
    public void Beyond_the_picture_a_scaled_cut_is_zero_whatever_the_mean()
    {
        // Mirrored at the right edge with a step of ½: column 0 lies at 16, just beyond the 16 columns.
        float[] values = new float[3 * 32 * 32];
        new Augmentation(new Shape(3, 32, 32)) { Crop = new RandomScaleCrop(), Mirror = true, Mean = BgrMean.ImageNet }.Apply(Noise(16, 16, seed: 1), new FixedDraws([0, 0, 0, 0.1]), values);
        for (int y = 0; y < 32; y++)
        {
            Assert.That(values[32 * y], Is.Zero);
            Assert.That(values[32 * y + 1], Is.Not.Zero);
        }
    }

    [Test]
    public void A_step_of_one_takes_whole_pixels_unless_mirrored()
    {
        ImageBuffer picture = Noise(20, 20, seed: 2);
        var augmentation = new Augmentation(new Shape(3, 8, 8)) { Crop = new RandomScaleCrop(Least: 1, Most: 1), Mirror = true };
        float[] values = new float[192];
        // 0.3 · 12 = 3.6 → 4; 0.1 · 12 = 1.2 → 1.
        augmentation.Apply(picture, new FixedDraws([0.5, 0.3, 0.1, 0.9]), values);
        for (int i = 0; i < 64; i++) Assert.That(values[i], Is.EqualTo(picture.Pixels[3 * ((1 + i / 8) * 20 + 4 + i % 8)]));
        augmentation.Apply(picture, new FixedDraws([0.5, 0.3, 0.1, 0.1]), values);
        Assert.That(values[9], Is.EqualTo(Between(picture, 3.6 + 8 - 1, 1.2 + 1, 0)).Within(1e-3));
    }

    [Test]
    public void Windows_lie_inside_the_picture_and_steps_in_their_range([Values(300, 120, 227)] int width, [Values(280, 90)] int height)
    {
        var input = new Shape(3, 227, 227);
        var random = new Philox(1, RandomPurpose.Transform);
        float most = Math.Min(2, Math.Min(width / 227f, height / 227f)), least = Math.Min(0.5f, most);
        var windows = new Window[2000];
        new RandomScaleCrop(Count: windows.Length).Place(width, height, input, mirror: true, random, windows);
        foreach (Window w in windows)
        {
            float left = w.StepX > 0 ? w.OffsetX : w.OffsetX - 227 * w.StepY;
            Assert.That(Math.Abs(w.StepX), Is.EqualTo(w.StepY));
            Assert.That(w.StepY, Is.InRange(least, most + 1e-6f));
            Assert.That(left, Is.InRange(-0.5f, width - 227 * w.StepY + 0.5f));
            Assert.That(w.OffsetY, Is.InRange(-0.5f, height - 227 * w.StepY + 0.5f));
        }
        Assert.That(windows.Average(w => w.StepY), Is.EqualTo((least + most) / 2).Within(0.05 * most));
        Assert.That(windows.Count(w => w.StepX < 0), Is.InRange(880, 1120), "half of them are mirrored");
    }

    [Test]
    public void A_random_cut_reaches_every_place_and_is_exact()
    {
        ImageBuffer picture = Noise(7, 6, seed: 4);
        var augmentation = new Augmentation(new Shape(3, 4, 5)) { Crop = new RandomCrop(), Mirror = true, Mean = new BgrMean(1, 2, 3), Scale = 2 };
        var seen = new HashSet<(int, int, bool)>();
        float[] values = new float[60];
        for (int draw = 0; draw < 400; draw++)
        {
            augmentation.Apply(picture, new Philox(1, RandomPurpose.Transform, 0, (uint)draw), values);
            Window[] window = new Window[1];
            augmentation.Crop.Place(7, 6, augmentation.Shape, mirror: true, new Philox(1, RandomPurpose.Transform, 0, (uint)draw), window);
            (int left, int top, bool isMirrored) = ((int)(window[0].StepX > 0 ? window[0].OffsetX : window[0].OffsetX - 4), (int)window[0].OffsetY, window[0].StepX < 0);
            seen.Add((left, top, isMirrored));
            for (int i = 0; i < 60; i++)
            {
                (int c, int y, int x) = (i / 20, i / 5 % 4, i % 5);
                Assert.That(values[i], Is.EqualTo((picture.Pixels[3 * ((top + y) * 7 + left + (isMirrored ? 4 - x : x)) + c] - (c + 1)) * 2));
            }
        }
        Assert.That(seen, Has.Count.EqualTo(3 * 3 * 2));
    }

    [Test]
    public void A_padded_cut_is_zero_beyond_the_picture()
    {
        ImageBuffer picture = Noise(6, 6, seed: 5);
        var augmentation = new Augmentation(new Shape(3, 6, 6)) { Crop = new RandomCrop(Pad: 2), Mean = new BgrMean(100, 100, 100) };
        // Row −2 + 0 and column −2 + 4 of a picture with 2 pixels around it.
        float[] values = new float[108];
        augmentation.Apply(picture, new FixedDraws([0, 0.99]), values);
        for (int i = 0; i < 108; i++)
        {
            (int c, int y, int x) = (i / 36, i / 6 % 6 - 2, i % 6 + 2);
            Assert.That(values[i], Is.EqualTo(y < 0 || x >= 6 ? 0 : picture.Pixels[3 * (6 * y + x) + c] - 100f), $"{c}, {x}, {y}");
        }
    }

    [Test]
    public void Ten_cuts_are_corners_and_middle_and_their_mirrors()
    {
        var picture = new ImageBuffer();
        Span<byte> pixels = picture.Begin(10, 9);
        for (int p = 0; p < 90; p++) pixels.Slice(3 * p, 3).Fill((byte)p);
        float[] values = new float[10 * 3 * 16];
        new Augmentation(new Shape(3, 4, 4)) { Crop = new TenCrop() }.Apply(picture, new FixedDraws([]), values);
        int[] first = [0, 6, 50, 56, 23];
        for (int v = 0; v < 10; v++)
            for (int i = 0; i < 16; i++)
                Assert.That(values[48 * v + i], Is.EqualTo(first[v % 5] + 10 * (i / 4) + (v < 5 ? i % 4 : 3 - i % 4)), $"view {v}");
    }

    [Test]
    public void A_mean_picture_is_subtracted_by_source_position_as_Caffe_does()
    {
        JsonElement golden = SharedData.Golden("image_data");
        (_, float[] expected) = SharedData.GoldenTensor(golden, "meanfile_crop/data");
        (_, float[] mean) = SharedData.GoldenTensor(golden, "mean_binaryproto");
        var picture = new ImageBuffer();
        var augmentation = new Augmentation(new Shape(3, 12, 12)) { MeanImage = new MeanImage(new Shape(3, 20, 26), mean) };
        float[] values = new float[432];
        string[] names = ["a.png", "b.png", "g.png"];
        for (int n = 0; n < 3; n++)
        {
            new ImageFiles().Open(SharedData.Require("goldens", "image_data", names[n]), picture);
            augmentation.Apply(picture, new FixedDraws([]), values);
            Assert.That(values, Is.EqualTo(expected[(432 * n)..(432 * (n + 1))]), names[n]);
        }
        // Mirrored, each pixel still loses the mean of its own place.
        (augmentation with { Mirror = true }).Apply(picture, new FixedDraws([0.1]), values);
        for (int i = 0; i < 432; i++) Assert.That(values[i], Is.EqualTo(expected[864 + i / 12 * 12 + 11 - i % 12]));
    }

    [Test]
    public void A_padded_and_mirrored_cut_loses_the_mean_of_its_own_places()
    {
        ImageBuffer picture = Noise(9, 8, seed: 7);
        float[] mean = [.. Enumerable.Range(0, 216).Select(i => i * 0.25f)];
        var augmentation = new Augmentation(new Shape(3, 6, 7)) { Crop = new RandomCrop(Pad: 3), Mirror = true, MeanImage = new MeanImage(new Shape(3, 8, 9), mean), Scale = 0.5f };
        float[] values = new float[126];
        for (int draw = 0; draw < 300; draw++)
        {
            var window = new Window[1];
            augmentation.Crop.Place(9, 8, augmentation.Shape, mirror: true, new Philox(2, RandomPurpose.Transform, 0, (uint)draw), window);
            augmentation.Apply(picture, new Philox(2, RandomPurpose.Transform, 0, (uint)draw), values);
            for (int i = 0; i < 126; i++)
            {
                (int c, int y, int x) = (i / 42, i / 7 % 6 + (int)window[0].OffsetY, (int)(i % 7 * window[0].StepX + window[0].OffsetX));
                float expected = x < 0 || y < 0 || x >= 9 || y >= 8 ? 0 : (picture.Pixels[3 * (9 * y + x) + c] - mean[(c * 8 + y) * 9 + x]) * 0.5f;
                Assert.That(values[i], Is.EqualTo(expected), $"draw {draw}, value {i}");
            }
        }
    }

    [Test]
    public void A_mean_picture_of_another_size_names_both()
    {
        var augmentation = new Augmentation(new Shape(3, 4, 4)) { MeanImage = new MeanImage(new Shape(3, 8, 9), new float[216]) };
        Assert.That(() => augmentation.Apply(Noise(10, 10, seed: 1), new FixedDraws([]), new float[48]), Throws.ArgumentException.With.Message.EqualTo("the mean picture is 9×8 pixels, this one 10×10"));
    }

    [Test]
    public void The_mean_of_a_set_is_the_mean_of_its_pixels()
    {
        Dataset data = new SolidDataset(40).Subset([0, 15, 30]);
        MeanImage mean = MeanImage.Of(data);
        Assert.That(mean.Shape, Is.EqualTo(new Shape(3, 18, 20)));
        for (int i = 0; i < mean.Shape.Count; i++)
        {
            int p = 3 * (i % 360) + i / 360;
            Assert.That(mean.Values[i], Is.EqualTo(new[] { 0, 15, 30 }.Average(s => (byte)(31 * s + 7 * p))).Within(1e-4));
        }
        Assert.That(mean.PerChannel().Green, Is.EqualTo(mean.Values[360..720].ToArray().Average()).Within(1e-3));
        Assert.That(() => MeanImage.Of(new SolidDataset(3)), Throws.TypeOf<ImageSourceException>().With.Message.EqualTo("a mean picture needs pictures of one size: made 1 is 3×19×21, made 0 is 3×18×20."));
    }

    [Test]
    public void A_resize_comes_first_and_agrees_with_the_plain_transform([Values] ImageFit fit)
    {
        ImageBuffer picture = Noise(50, 37, seed: 6);
        var image = new Image(50, 37, picture.Pixels.ToArray());
        float[] actual = new float[3 * 20 * 20], expected = new float[actual.Length];
        new Augmentation(new Shape(3, 20, 20)) { Fit = fit, ResizeTo = fit == ImageFit.Warp ? 20 : 24, Mean = BgrMean.ImageNet, Scale = 0.1f }.Apply(picture, new FixedDraws([]), actual);
        new ImageTransform(20, 20) { Fit = fit, ResizeTo = 24, Scale = 0.1f }.Apply(image, expected);
        Assert.That(actual, Is.EqualTo(expected));
    }

    [Test]
    public void Colours_change_as_the_formulas_say()
    {
        var picture = new ImageBuffer();
        new byte[] { 10, 20, 30, 200, 100, 50 }.CopyTo(picture.Begin(2, 1));
        float[] values = new float[6];
        // Brightness 1.1, contrast 0.8, saturation 1.3, each from its draw.
        var augmentation = new Augmentation(new Shape(3, 1, 2)) { Jitter = new ColourJitter(0.5f, 0.4f, 0.6f), Mean = new BgrMean(1, 2, 3) };
        augmentation.Apply(picture, new FixedDraws([0.6, 0.25, 0.75]), values);
        double[][] pixels = [[11, 22, 33], [220, 110, 55]];
        double Grey(double[] p) => 0.114 * p[0] + 0.587 * p[1] + 0.299 * p[2];
        double mean = pixels.Average(Grey);
        for (int x = 0; x < 2; x++)
        {
            double[] contrasted = [.. pixels[x].Select(v => mean + (v - mean) * 0.8)];
            double grey = Grey(contrasted);
            for (int c = 0; c < 3; c++)
                Assert.That(values[2 * c + x], Is.EqualTo(Math.Clamp(grey + (contrasted[c] - grey) * 1.3, 0, 255) - (c + 1)).Within(1e-4), $"{x}, {c}");
        }
    }

    [Test]
    public void Jitter_leaves_what_lies_beyond_the_picture_at_zero()
    {
        var augmentation = new Augmentation(new Shape(3, 8, 8)) { Crop = new RandomCrop(Pad: 3), Jitter = new ColourJitter(0.5f, 0.5f, 0.5f), Mean = BgrMean.ImageNet };
        float[] values = new float[192];
        augmentation.Apply(Noise(8, 8, seed: 1), new FixedDraws([0, 0, 0.3, 0.7, 0.1]), values);
        for (int i = 0; i < 192; i++) Assert.That(values[i] == 0, Is.EqualTo(i / 8 % 8 < 3 || i % 8 < 3), $"{i}");
    }

    [Test]
    public void Grey_pictures_become_one_plane()
    {
        var picture = new ImageBuffer();
        Span<byte> pixels = picture.Begin(6, 5, channels: 1);
        for (int i = 0; i < 30; i++) pixels[i] = (byte)(8 * i);
        float[] values = new float[12];
        new Augmentation(new Shape(1, 3, 4)) { Mean = new BgrMean(5, 0, 0) }.Apply(picture, new FixedDraws([]), values);
        for (int i = 0; i < 12; i++) Assert.That(values[i], Is.EqualTo(8 * ((1 + i / 4) * 6 + 1 + i % 4) - 5));
        new Augmentation(new Shape(1, 3, 4)) { Crop = new RandomScaleCrop(), Jitter = new ColourJitter(0.1f) }.Apply(picture, new FixedDraws([0.5, 0.5, 0.5, 0.5, 0.5, 0.5]), values);
        Assert.That(values, Has.All.InRange(0, 255));
    }

    [Test]
    public void A_jpeg_decoded_at_half_its_size_is_near_the_full_one_brought_down()
    {
        using JpegDecoder decoder = JpegTests.Require();
        VocDataset voc = VocDataset.Open(SharedData.Require("data", "voc-mini", "VOCdevkit"), "test", new ImageFiles(decoder), checkAnnotations: false);
        Dataset some = voc.Take(8);
        var augmentation = new Augmentation(new Shape(3, 96, 96)) { ResizeTo = 100 };
        var full = new ImageBuffer();
        float[] expected = new float[augmentation.Shape.Count];
        double worst = 0;
        foreach (LabelledBatch batch in new DataLoader(some, augmentation, LoaderOptions.Once(1, 1)).Batches())
        {
            some.Read(batch.Samples[0], full);
            augmentation.Apply(JpegTests.Halved(full), new FixedDraws([]), expected);
            double difference = batch.Inputs(0).ToArray().Zip(expected, (a, b) => Math.Abs(a - b)).Average();
            worst = Math.Max(worst, difference);
        }
        TestContext.Out.WriteLine($"worst mean difference {worst:F2} levels");
        Assert.That(worst, Is.LessThan(2), "levels, mean over a picture");
    }

    [TestCase(0, 0, 8)]
    [TestCase(151, 0, 8)]
    [TestCase(150, 0, 4)]
    [TestCase(76, 0, 4)]
    [TestCase(75, 0, 2)]
    [TestCase(38, 0, 2)]
    [TestCase(37, 0, 1)]
    [TestCase(0, 1.9f, 8)]
    [TestCase(0, 2f, 4)]
    [TestCase(0, 4.5f, 2)]
    [TestCase(0, 9f, 1)]
    public void A_jpeg_is_decoded_at_the_smallest_scale_that_is_not_below_what_is_taken(int resizeTo, float step, int eighths)
    {
        var data = new ScaledRamp(400, 300);
        var augmentation = new Augmentation(new Shape(3, 30, 30)) { ResizeTo = resizeTo, Crop = step > 0 ? new RandomScaleCrop(step, step) : new CentreCrop() };
        Assert.That(new DataLoader(data, augmentation, LoaderOptions.Once(1, 1)).Batches().Count(), Is.EqualTo(1));
        Assert.That(data.Asked, Is.EqualTo(eighths));
        Assert.That(new DataLoader(data, augmentation with { ScaledDecode = false }, LoaderOptions.Once(1, 1)).Batches().Count(), Is.EqualTo(1));
        Assert.That(data.Asked, Is.EqualTo(8));
    }

    [Test]
    public void A_cut_from_a_picture_at_a_smaller_scale_lies_where_it_lies_in_the_full_one()
    {
        // A ramp averaged is the ramp at the middle, so nothing but the places can differ.
        var data = new ScaledRamp(64, 48);
        var augmentation = new Augmentation(new Shape(3, 12, 12)) { Crop = new RandomScaleCrop(2.1f, 3.5f), Mirror = true };
        var options = LoaderOptions.Once(1, 1) with { Epochs = 20 };
        float[][] scaled = [.. new DataLoader(data, augmentation, options).Batches().Select(b => b.Images.ToArray())];
        Assert.That(data.Asked, Is.EqualTo(4));
        float[][] full = [.. new DataLoader(data, augmentation with { ScaledDecode = false }, options).Batches().Select(b => b.Images.ToArray())];
        Assert.That(data.Asked, Is.EqualTo(8));
        int compared = 0;
        for (int n = 0; n < full.Length; n++)
            for (int i = 0; i < full[n].Length; i++)
            {
                // Within a pixel of the edge the smaller picture has no neighbour to lean on.
                if (i / 12 % 12 is 0 or 11 || i % 12 is 0 or 11) continue;
                compared++;
                Assert.That(scaled[n][i], Is.EqualTo(full[n][i]).Within(0.01), $"epoch {n}, value {i}");
            }
        Assert.That(compared, Is.EqualTo(20 * 300));
    }

    private static ImageBuffer Noise(int width, int height, int seed)
    {
        var picture = new ImageBuffer();
        new Random(seed).NextBytes(picture.Begin(width, height));
        return picture;
    }

    // Bilinear between pixels; past the last centre the last pixel.
    private static double Between(ImageBuffer picture, double x, double y, int c)
    {
        int left = (int)x, top = (int)y, right = Math.Min(left + 1, picture.Width - 1), bottom = Math.Min(top + 1, picture.Height - 1);
        byte[] pixels = picture.Pixels.ToArray();
        double At(int column, int row) => pixels[3 * (row * picture.Width + column) + c];
        double upper = At(left, top) + (x - left) * (At(right, top) - At(left, top)), lower = At(left, bottom) + (x - left) * (At(right, bottom) - At(left, bottom));
        return upper + (y - top) * (lower - upper);
    }

    // One picture, 2 levels a column and 2 a row: at a smaller scale each pixel is the mean of those that it stands for.
    private sealed class ScaledRamp(int width, int height) : Dataset("ramp", "all", ["a"], channels: 3, [0])
    {
        public int Asked { get; private set; }

        public override string NameOf(int index) => "ramp";

        public override void Read(int index, ImageBuffer picture, DecodeScale? scale = null)
        {
            Asked = scale!(width, height);
            int shrink = 8 / Asked;
            Span<byte> pixels = picture.Begin((width + shrink - 1) / shrink, (height + shrink - 1) / shrink, 3, width, height);
            for (int p = 0; p < pixels.Length; p++) pixels[p] = (byte)(Level(p / 3 % picture.Width, shrink) + Level(p / 3 / picture.Width, shrink));
        }

        // The mean of 2 · position over the pixels that become one.
        private static int Level(int at, int shrink) => 2 * at * shrink + shrink - 1;
    }

    // Uniform draws from a list; whole numbers are made of them.
    private sealed class FixedDraws(double[] draws) : RandomSource
    {
        private int next;

        public override double NextUniform() => draws[next++];

        public override int NextInt(int exclusive) => (int)(draws[next++] * exclusive);

        public override void FillGaussian(Span<float> values) => throw new NotSupportedException();
    }
}

using EvenNet.Framework;
using EvenNet.Kernels;

namespace EvenNet.Tests;

public sealed class JpegEncoderTests
{
    [SetUp]
    public void Require()
    {
        if (!JpegEncoder.Library.IsFound) Assert.Ignore($"libturbojpeg is not there (tried {string.Join(", ", JpegEncoder.Library.Tried)})");
    }

    private static Image Smooth(int width, int height)
    {
        var image = new Image(width, height);
        for (int y = 0; y < height; y++)
            for (int x = 0; x < width; x++)
                (image.Row(y)[3 * x], image.Row(y)[3 * x + 1], image.Row(y)[3 * x + 2]) = ((byte)(255 * x / width), (byte)(255 * y / height), (byte)(128 + 100 * Math.Sin(0.1 * (x + y))));
        return image;
    }

    // Sizes that fill their last blocks and sizes that do not, down to one pixel.
    [Test]
    public void A_decoder_reads_back_nearly_the_same([Values(1, 8, 16, 17, 50)] int width, [Values(1, 15, 64)] int height)
    {
        Image image = Smooth(width, height);
        Image read = Decode(new JpegEncoder(95).Encode(image));
        Assert.That((read.Width, read.Height), Is.EqualTo((width, height)));
        double error = Math.Sqrt(image.Pixels.Zip(read.Pixels, (a, b) => (double)(a - b) * (a - b)).Average());
        Assert.That(error, Is.LessThan(width < 8 || height < 8 ? 40 : 8), "root mean square");
    }

    [Test]
    public void Noise_survives([Values(50, 100)] int quality)
    {
        var image = new Image(64, 64);
        new Random(1).NextBytes(image.Pixels);
        byte[] grey = image.ToGrey();
        for (int i = 0; i < grey.Length; i++) image.Pixels.AsSpan(3 * i, 3).Fill(grey[i]);
        Image read = Decode(new JpegEncoder(quality).Encode(image));
        double error = Math.Sqrt(image.Pixels.Zip(read.Pixels, (a, b) => (double)(a - b) * (a - b)).Average());
        Assert.That(error, Is.LessThan(quality == 100 ? 2 : 30));
    }

    [Test]
    public void A_lower_quality_is_smaller_and_equal_pixels_give_equal_bytes()
    {
        Image image = Cli.PictureFolder.Picture(new Random(2), 100, 80);
        byte[] good = new JpegEncoder(90).Encode(image), poor = new JpegEncoder(30).Encode(image);
        Assert.That(poor, Has.Length.LessThan(good.Length / 2));
        Assert.That(new JpegEncoder(90).Encode(image), Is.EqualTo(good));
        Assert.That(() => new JpegEncoder(0), Throws.InstanceOf<ArgumentException>());
        Assert.That(() => new JpegEncoder(101), Throws.InstanceOf<ArgumentException>());
    }

    private static Image Decode(byte[] bytes)
    {
        using var jpeg = new JpegDecoder();
        return new ImageFiles(jpeg).Decode(bytes, "made here");
    }
}

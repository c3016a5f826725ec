using System.Buffers.Binary;
using EvenNet.Framework;
using EvenNet.Kernels;

namespace EvenNet.Tests;

public sealed class ExifOrientationTests
{
    // A picture 3 wide and 2 high, a b c over d e f, as it is to be seen (Exif 2.3, tag 0x0112: where the stored first row and column belong).
    [TestCase(1, "abc/def")]
    [TestCase(2, "cba/fed")]
    [TestCase(3, "fed/cba")]
    [TestCase(4, "def/abc")]
    [TestCase(5, "ad/be/cf")]
    [TestCase(6, "da/eb/fc")]
    [TestCase(7, "fc/eb/da")]
    [TestCase(8, "cf/be/ad")]
    [TestCase(0, "abc/def")]
    [TestCase(9, "abc/def")]
    public void A_picture_is_turned_upright(int orientation, string expected)
    {
        var stored = new Image(3, 2, [.. "abcdef".SelectMany(letter => new[] { (byte)letter, (byte)(letter + 1), (byte)(letter + 2) })]);
        Image image = ExifOrientation.Apply(stored, orientation);
        string[] rows = [.. Enumerable.Range(0, image.Height).Select(y => string.Concat(Enumerable.Range(0, image.Width).Select(x => (char)image.Row(y)[3 * x])))];
        Assert.That(string.Join('/', rows), Is.EqualTo(expected));
        for (int i = 0; i < image.Pixels.Length; i += 3) Assert.That((image.Pixels[i + 1], image.Pixels[i + 2]), Is.EqualTo((image.Pixels[i] + 1, image.Pixels[i] + 2)));
    }

    [Test]
    public void The_orientation_is_read_in_both_byte_orders([Values] bool little, [Range(1, 8)] int orientation) =>
        Assert.That(ExifOrientation.OfJpeg(WithExif(Tiff(little, orientation))), Is.EqualTo(orientation));

    [Test]
    public void A_jpeg_is_decoded_upright()
    {
        using JpegDecoder decoder = JpegTests.Require();
        Image stored = decoder.Decode(JpegSamples.Baseline, "a.jpg"), upright = decoder.Decode(WithExif(Tiff(little: true, 6)), "a.jpg");
        Assert.That((upright.Width, upright.Height), Is.EqualTo((stored.Height, stored.Width)));
        Assert.That(upright.Pixels, Is.EqualTo(ExifOrientation.Apply(stored, 6).Pixels));
    }

    [Test]
    public void A_jpeg_is_decoded_upright_into_memory_that_is_used_again_at_any_scale([Range(1, 8)] int orientation)
    {
        using JpegDecoder decoder = JpegTests.Require();
        byte[] file = WithExif(Tiff(little: false, orientation));
        var buffer = new ImageBuffer();
        ((IImageDecoder)decoder).Decode(file, "a.jpg", buffer);
        Image upright = decoder.Decode(file, "a.jpg");
        Assert.That((buffer.Width, buffer.Height), Is.EqualTo((upright.Width, upright.Height)));
        Assert.That(buffer.Pixels.ToArray(), Is.EqualTo(upright.Pixels));
        (int, int) asked = default;
        ((IImageDecoder)decoder).Decode(file, "a.jpg", buffer, (width, height) =>
        {
            asked = (width, height);
            return 4;
        });
        Assert.That(asked, Is.EqualTo((upright.Width, upright.Height)), "the upright size");
        Assert.That((buffer.FullWidth, buffer.FullHeight), Is.EqualTo(asked));
        Assert.That((buffer.Width, buffer.Height), Is.EqualTo(((upright.Width + 1) / 2, (upright.Height + 1) / 2)));
    }

    [Test]
    public void A_png_is_decoded_upright()
    {
        var png = new PngBuilder { Width = 2, Height = 1, Samples = [1, 2, 3, 4, 5, 6] };
        byte[] Build(byte[] exif) => [.. PngBuilder.Signature, .. png.Header(), .. png.Data(new Random(1)), .. PngBuilder.Chunk("eXIf", exif), .. PngBuilder.Chunk("IEND", [])];
        Image image = new PngDecoder().Decode(Build(Tiff(little: true, 8)), "a.png");
        Assert.That((image.Width, image.Height), Is.EqualTo((1, 2)));
        Assert.That(image.Pixels, Is.EqualTo(new byte[] { 6, 5, 4, 3, 2, 1 }));
        Assert.That(new PngDecoder().Decode(Build([1, 2, 3]), "a.png").Pixels, Is.EqualTo(new byte[] { 3, 2, 1, 6, 5, 4 }));
    }

    [Test]
    public void Anything_unreadable_counts_as_upright()
    {
        byte[] good = WithExif(Tiff(little: false, 6));
        for (int length = 0; length < good.Length; length++) Assert.That(ExifOrientation.OfJpeg(good.AsSpan(0, length)), Is.EqualTo(1).Or.EqualTo(6));
        Assert.That(ExifOrientation.OfJpeg(WithExif(Tiff(little: true, 9))), Is.EqualTo(1));
        Assert.That(ExifOrientation.OfJpeg(JpegSamples.Baseline), Is.EqualTo(1));
        var random = new Random(8);
        for (int round = 0; round < 5000; round++)
        {
            byte[] file = [.. good.AsSpan(0, 60)];
            for (int edits = random.Next(1, 5); edits > 0; edits--) file[random.Next(2, file.Length)] = (byte)random.Next(256);
            Assert.That(ExifOrientation.OfJpeg(file), Is.InRange(1, 8));
        }
    }

    private static byte[] Tiff(bool little, int orientation)
    {
        byte[] tiff = new byte[8 + 2 + 2 * 12];
        void Short(int at, int value)
        {
            if (little) BinaryPrimitives.WriteUInt16LittleEndian(tiff.AsSpan(at), (ushort)value);
            else BinaryPrimitives.WriteUInt16BigEndian(tiff.AsSpan(at), (ushort)value);
        }
        tiff[0] = tiff[1] = (byte)(little ? 'I' : 'M');
        Short(2, 42);
        Short(little ? 4 : 6, 8);
        Short(8, 2);
        (int Tag, int Value)[] entries = [(0x0100, 17), (0x0112, orientation)];
        for (int i = 0; i < 2; i++)
        {
            Short(10 + 12 * i, entries[i].Tag);
            Short(12 + 12 * i, 3);
            Short(little ? 14 + 12 * i : 16 + 12 * i, 1);
            Short(18 + 12 * i, entries[i].Value);
        }
        return tiff;
    }

    // The Exif segment goes right after the file's first two bytes.
    private static byte[] WithExif(byte[] tiff)
    {
        byte[] file = JpegSamples.Baseline, length = new byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(length, (ushort)(2 + 6 + tiff.Length));
        return [.. file[..2], 0xFF, 0xE1, .. length, .. "Exif\0\0"u8, .. tiff, .. file[2..]];
    }
}

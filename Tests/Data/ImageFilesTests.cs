using System.Text;
using EvenNet.Framework;

namespace EvenNet.Tests;

public sealed class ImageFilesTests
{
    [Test]
    public void The_content_and_not_the_name_decides_the_format()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(folder["a.jpg"], PngWriter.Encode(new Image(2, 1, [1, 2, 3, 4, 5, 6])));
        Assert.That(new ImageFiles().Open(folder["a.jpg"]).Pixels, Is.EqualTo(new byte[] { 1, 2, 3, 4, 5, 6 }));
    }

    [Test]
    public void An_unknown_or_empty_file_is_refused_by_name()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["notes.png"], "hello");
        File.WriteAllBytes(folder["none.png"], []);
        Assert.That(() => new ImageFiles().Open(folder["notes.png"]),
            Throws.TypeOf<ImageFormatException>().With.Message.EqualTo($"Cannot decode {folder["notes.png"]}: its content is of no known format (it starts with 68656C6C); JPEG, PNG, PPM and PGM are read"));
        Assert.That(() => new ImageFiles().Open(folder["none.png"]), Throws.TypeOf<ImageFormatException>().With.Message.EndsWith("the file is empty"));
    }

    [Test]
    public void Ppm_and_pgm_are_read()
    {
        Assert.That(Decode("P6 2 1 255\n", 1, 2, 3, 4, 5, 6).Pixels, Is.EqualTo(new byte[] { 3, 2, 1, 6, 5, 4 }));
        Assert.That(Decode("P5\n# a comment\n2 # and one more\n1\n255\n", 7, 8).Pixels, Is.EqualTo(new byte[] { 7, 7, 7, 8, 8, 8 }));
        Assert.That(Decode("P5 3 1 15 ", 0, 7, 15).Pixels, Is.EqualTo(new byte[] { 0, 0, 0, 119, 119, 119, 255, 255, 255 }));
        Assert.That(Decode("P5 2 1 65535 ", 0x12, 0xFF, 0xFF, 0).Pixels, Is.EqualTo(new byte[] { 0x12, 0x12, 0x12, 0xFF, 0xFF, 0xFF }));
        Assert.That(Decode("P6 1 1 1023\n", 3, 255, 1, 255, 0, 0).Pixels, Is.EqualTo(new byte[] { 0, 127, 255 }));
    }

    [TestCase("P6 2 1 255\n\u0001\u0002", "2×1 pixels are 6 bytes, the file has 2")]
    [TestCase("P5 1 1 255\n\u0001\u0002", "1×1 pixels are 1 bytes, the file has 2")]
    [TestCase("P5 1 1 0\n\u0001", "its largest value is 0")]
    [TestCase("P5 1 1 65536\n\u0001", "its largest value is 65536")]
    [TestCase("P5 0 1 255\n", "it says it is 0×1 pixels")]
    [TestCase("P5 999999999 999999999 255\n", "999999999×999999999 pixels; at most")]
    [TestCase("P5 -1 1 255\n", "its header is not whole")]
    [TestCase("P5 1 1", "its header is not whole")]
    [TestCase("P5 # no end", "its header is not whole")]
    [TestCase("P5 1 1 255", "no space after its header")]
    public void A_wrong_pgm_is_refused_with_its_reason(string file, string message) =>
        Assert.That(() => new ImageFiles().Decode(Encoding.Latin1.GetBytes(file), "a.pgm"), Throws.TypeOf<ImageFormatException>().With.Message.Contains(message));

    private static Image Decode(string header, params byte[] data) => new ImageFiles().Decode([.. Encoding.ASCII.GetBytes(header), .. data], "a.ppm");
}

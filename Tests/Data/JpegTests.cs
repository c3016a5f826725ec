using EvenNet.Framework;
using EvenNet.Kernels;

namespace EvenNet.Tests;

public sealed class JpegTests
{
    private static readonly string[] Fake = ["libnone.so.0", "libnone.so"];

    [Test]
    public void Baseline_and_progressive_files_give_the_pixels_they_were_made_from([Values] bool progressive)
    {
        using JpegDecoder decoder = Require();
        Image image = decoder.Decode(progressive ? JpegSamples.Progressive : JpegSamples.Baseline, "a.jpg");
        Assert.That((image.Width, image.Height), Is.EqualTo((17, 11)));
        Assert.That(Worst(image.Pixels, JpegSamples.Pixels), Is.LessThanOrEqualTo(20), "levels: quality 75 with halved chroma");
        Assert.That(Mean(image.Pixels, JpegSamples.Pixels), Is.LessThan(3), "levels");
    }

    [Test]
    public void A_grey_file_gives_three_equal_channels()
    {
        using JpegDecoder decoder = Require();
        Image image = decoder.Decode(JpegSamples.Grey, "a.jpg");
        byte[] green = [.. JpegSamples.Pixels.Select((_, i) => JpegSamples.Pixels[i - i % 3 + 1])];
        Assert.That(Worst(image.Pixels, green), Is.LessThanOrEqualTo(4), "levels");
        for (int i = 0; i < image.Pixels.Length; i += 3) Assert.That(image.Pixels[i..(i + 3)], Is.All.EqualTo(image.Pixels[i]));
    }

    [Test]
    public void Cmyk_is_refused_by_name()
    {
        using JpegDecoder decoder = Require();
        Assert.That(() => decoder.Decode(JpegSamples.Cmyk, "a.jpg"), Throws.TypeOf<ImageFormatException>().With.Message.EqualTo("Cannot decode a.jpg: it is a CMYK JPEG, made for print; convert it to RGB"));
    }

    [Test]
    public void A_file_cut_anywhere_is_broken([Values] bool progressive)
    {
        using JpegDecoder decoder = Require();
        byte[] file = progressive ? JpegSamples.Progressive : JpegSamples.Baseline;
        for (int length = 3; length < file.Length; length++)
        {
            byte[] cut = file[..length];
            Assert.That(() => decoder.Decode(cut, "a.jpg"), Throws.TypeOf<ImageFormatException>().With.Message.StartsWith("Cannot decode a.jpg: a broken JPEG: "), $"{length} of {file.Length} bytes");
        }
        Assert.That(decoder.Decode(file, "a.jpg").Width, Is.EqualTo(17), "the decoder is as good as before");
    }

    [Test]
    public void Bytes_after_the_picture_do_no_harm()
    {
        using JpegDecoder decoder = Require();
        byte[] plain = decoder.Decode(JpegSamples.Baseline, "a.jpg").Pixels;
        Assert.That(decoder.Decode([.. JpegSamples.Baseline, 0, 1, 2], "a.jpg").Pixels, Is.EqualTo(plain));
    }

    [Test]
    public void A_size_beyond_the_data_is_refused_before_memory_is_taken()
    {
        using JpegDecoder decoder = Require();
        byte[] file = JpegSamples.Baseline;
        int frame = file.AsSpan().IndexOf([(byte)0xFF, (byte)0xC0]);
        (file[frame + 5], file[frame + 6], file[frame + 7], file[frame + 8]) = (0x27, 0x10, 0x27, 0x10);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.That(() => decoder.Decode(file, "a.jpg"), Throws.TypeOf<ImageFormatException>().With.Message.Contains($"{file.Length} bytes cannot hold 10000×10000 pixels"));
        (file[frame + 5], file[frame + 6], file[frame + 7], file[frame + 8]) = (0xFF, 0xDC, 0xFF, 0xDC);
        Assert.That(() => decoder.Decode(file, "a.jpg"), Throws.TypeOf<ImageFormatException>().With.Message.Contains("it says it is 65500×65500 pixels; at most"));
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(1_000_000));
    }

    [Test]
    public void Mutated_files_throw_only_the_format_error()
    {
        using JpegDecoder decoder = Require();
        var random = new Random(4);
        int refused = 0, accepted = 0;
        for (int round = 0; round < 3000; round++)
        {
            byte[] file = (round % 3) switch { 0 => JpegSamples.Baseline, 1 => JpegSamples.Progressive, _ => JpegSamples.Grey };
            for (int edits = random.Next(1, 4); edits > 0; edits--) file[random.Next(3, file.Length)] = (byte)random.Next(256);
            try
            {
                decoder.Decode(file, "a.jpg");
                accepted++;
            }
            catch (ImageFormatException)
            {
                refused++;
            }
        }
        TestContext.Out.WriteLine($"{refused} refused, {accepted} accepted");
        Assert.That(refused, Is.GreaterThan(500));
        Assert.That(accepted, Is.GreaterThan(100), "an edit of a table or a coefficient gives other pixels, not a broken file");
    }

    [Test]
    public void Several_threads_share_one_decoder()
    {
        using JpegDecoder decoder = Require();
        byte[] expected = decoder.Decode(JpegSamples.Baseline, "a.jpg").Pixels;
        int different = 0;
        Parallel.For(0, 400, new ParallelOptions { MaxDegreeOfParallelism = 8 }, round =>
        {
            if (round % 5 == 0) Assert.That(() => decoder.Decode(JpegSamples.Baseline.AsSpan(0, 300), "a.jpg"), Throws.TypeOf<ImageFormatException>());
            else if (!decoder.Decode(JpegSamples.Baseline, "a.jpg").Pixels.AsSpan().SequenceEqual(expected)) Interlocked.Increment(ref different);
        });
        Assert.That(different, Is.Zero);
    }

    [Test]
    public void Without_the_library_the_error_says_how_to_get_it()
    {
        using var decoder = new JpegDecoder(NativeLibraries.Load("libturbojpeg", Fake, []).Status);
        Assert.That(() => new ImageFiles(decoder).Decode(JpegSamples.Baseline, "a.jpg"),
            Throws.TypeOf<ImageFormatException>().With.Property("IsDecoderMissing").True.And.Message.EqualTo(
                "Cannot decode a.jpg: libturbojpeg was not found (tried libnone.so.0, libnone.so). Debian: apt install libturbojpeg0; Ubuntu: apt install libturbojpeg; or convert the picture to PNG."));
    }

    [Test]
    public void A_library_without_the_functions_is_not_taken()
    {
        if (!OperatingSystem.IsLinux()) Assert.Ignore("libm.so.6 stands in for an old library, on Linux");
        NativeLibraryStatus status = NativeLibraries.Load("libturbojpeg", ["libm.so.6"], ["cos", "tjInitDecompress"]).Status;
        Assert.That(status.IsFound, Is.False);
        Assert.That(status.Problem, Does.Contain("libm.so.6 has no function tjInitDecompress"));
    }

    [Test]
    public void Asking_for_the_library_tells_where_it_is()
    {
        NativeLibraryStatus library = JpegDecoder.Library;
        Assert.That(library.Name, Is.EqualTo("libturbojpeg"));
        Assert.That(library.Tried, Is.Not.Empty);
        if (!library.IsFound) Assert.Ignore($"libturbojpeg was not found (tried {string.Join(", ", library.Tried)})");
        TestContext.Out.WriteLine($"{library.Path}, {library.Version}");
        Assert.That(library.Path, Does.Contain("turbojpeg"));
    }

    [Test]
    public void A_smaller_scale_is_near_the_full_picture_averaged()
    {
        using JpegDecoder decoder = Require();
        string folder = SharedData.Require("data", "voc-mini", "VOCdevkit", "VOC2007", "JPEGImages");
        var files = new ImageFiles(decoder);
        var scaled = new ImageBuffer();
        foreach (string path in Directory.EnumerateFiles(folder).Order(StringComparer.Ordinal).Take(10))
        {
            var reduced = new ImageBuffer();
            files.Open(path, reduced);
            (int width, int height) = (reduced.Width, reduced.Height);
            for (int eighths = 4; eighths >= 1; eighths /= 2)
            {
                files.Open(path, scaled, (w, h) => (w, h) == (width, height) ? eighths : 8);
                reduced = Halved(reduced);
                Assert.That((scaled.FullWidth, scaled.FullHeight), Is.EqualTo((width, height)));
                Assert.That((scaled.Width, scaled.Height), Is.EqualTo(((width * eighths + 7) / 8, (height * eighths + 7) / 8)));
                double mean = Mean(Inner(scaled, reduced), Inner(reduced, scaled));
                TestContext.Out.WriteLine($"{Path.GetFileName(path)} at {eighths}/8: mean difference {mean:F2} levels");
                Assert.That(mean, Is.LessThan(3), $"levels: {path} at {eighths}/8");
            }
        }
    }

    [Test]
    public void A_decode_into_a_buffer_gives_the_same_pixels_and_no_new_memory()
    {
        using JpegDecoder decoder = Require();
        var buffer = new ImageBuffer();
        IImageDecoder any = decoder;
        any.Decode(JpegSamples.Baseline, "a.jpg", buffer);
        Assert.That(buffer.Pixels.ToArray(), Is.EqualTo(decoder.Decode(JpegSamples.Baseline, "a.jpg").Pixels));
        byte[] file = JpegSamples.Progressive;
        any.Decode(file, "a.jpg", buffer);
        long before = GC.GetAllocatedBytesForCurrentThread();
        any.Decode(file, "a.jpg", buffer);
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(200));
        Assert.That(() => any.Decode(file.AsSpan(0, 200), "a.jpg", buffer), Throws.TypeOf<ImageFormatException>());
        any.Decode(JpegSamples.Baseline, "a.jpg", buffer, (_, _) => 1);
        Assert.That((buffer.Width, buffer.Height, buffer.FullWidth, buffer.FullHeight), Is.EqualTo((3, 2, 17, 11)));
    }

    internal static ImageBuffer Halved(ImageBuffer picture)
    {
        var half = new ImageBuffer();
        (int width, int height) = (picture.Width, picture.Height);
        ReadOnlySpan<byte> from = picture.Pixels;
        Span<byte> to = half.Begin((width + 1) / 2, (height + 1) / 2, 3, picture.FullWidth, picture.FullHeight);
        for (int i = 0; i < to.Length; i++)
        {
            int c = i % 3, x = i / 3 % half.Width * 2, y = i / 3 / half.Width * 2, right = Math.Min(x + 1, width - 1), bottom = Math.Min(y + 1, height - 1);
            to[i] = (byte)((from[3 * (y * width + x) + c] + from[3 * (y * width + right) + c] + from[3 * (bottom * width + x) + c] + from[3 * (bottom * width + right) + c] + 2) / 4);
        }
        return half;
    }

    internal static JpegDecoder Require()
    {
        NativeLibraryStatus library = JpegDecoder.Library;
        if (!library.IsFound) Assert.Ignore($"libturbojpeg was not found (tried {string.Join(", ", library.Tried)})");
        return new JpegDecoder();
    }

    // The rows and columns that both have: rounding up three times may give one more than rounding up once.
    private static byte[] Inner(ImageBuffer picture, ImageBuffer other)
    {
        int width = Math.Min(picture.Width, other.Width), height = Math.Min(picture.Height, other.Height);
        byte[] pixels = picture.Pixels.ToArray();
        return [.. Enumerable.Range(0, height).SelectMany(y => pixels.Skip(3 * y * picture.Width).Take(3 * width))];
    }

    private static int Worst(byte[] a, byte[] b) => a.Zip(b, (x, y) => Math.Abs(x - y)).Max();

    private static double Mean(byte[] a, byte[] b) => a.Zip(b, (x, y) => Math.Abs(x - y)).Average();
}

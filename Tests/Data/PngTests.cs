using System.Buffers.Binary;
using EvenNet.Framework;

namespace EvenNet.Tests;

public sealed class PngTests
{
    private static readonly PngDecoder Decoder = new();

    private static readonly (int Colour, int Depth)[] Kinds =
    [
        (PngBuilder.Grey, 1), (PngBuilder.Grey, 2), (PngBuilder.Grey, 4), (PngBuilder.Grey, 8), (PngBuilder.Grey, 16),
        (PngBuilder.Rgb, 8), (PngBuilder.Rgb, 16), (PngBuilder.Palette, 1), (PngBuilder.Palette, 2), (PngBuilder.Palette, 4), (PngBuilder.Palette, 8),
        (PngBuilder.GreyAlpha, 8), (PngBuilder.GreyAlpha, 16), (PngBuilder.RgbAlpha, 8), (PngBuilder.RgbAlpha, 16),
    ];

    [Test]
    public void Every_colour_type_depth_filter_and_interlace_is_read([ValueSource(nameof(Kinds))] (int Colour, int Depth) kind, [Values] bool interlace)
    {
        foreach ((int width, int height) in new[] { (1, 1), (2, 3), (5, 7), (8, 8), (9, 1), (1, 9), (33, 17) })
        {
            var random = new Random(width * 100 + height);
            PngBuilder png = Random(width, height, kind, interlace, random);
            Image image = Decoder.Decode(png.Encode(random), "a.png");
            Assert.That((image.Width, image.Height), Is.EqualTo((width, height)));
            Assert.That(image.Pixels, Is.EqualTo(Expected(png)), $"{width}×{height}");
        }
    }

    [Test]
    public void Transparency_is_dropped_and_not_blended()
    {
        var png = new PngBuilder { Width = 1, Height = 1, Colour = PngBuilder.RgbAlpha, Samples = [10, 20, 30, 0] };
        Assert.That(Decoder.Decode(png.Encode(new Random(1)), "a.png").Pixels, Is.EqualTo(new byte[] { 30, 20, 10 }));
        var palette = new PngBuilder { Width = 2, Height = 1, Colour = PngBuilder.Palette, Colours = [1, 2, 3, 4, 5, 6], Samples = [1, 0] };
        byte[] file = [.. PngBuilder.Signature, .. palette.Header(), .. PngBuilder.Chunk("PLTE", palette.Colours), .. PngBuilder.Chunk("tRNS", [0, 0]), .. palette.Data(new Random(1)), .. PngBuilder.Chunk("IEND", [])];
        Assert.That(Decoder.Decode(file, "a.png").Pixels, Is.EqualTo(new byte[] { 6, 5, 4, 3, 2, 1 }));
    }

    [Test]
    public void What_the_writer_writes_the_reader_reads()
    {
        using var folder = new TemporaryFolder();
        foreach ((int width, int height) in new[] { (1, 1), (3, 2), (64, 48) })
        {
            var image = new Image(width, height);
            new Random(5).NextBytes(image.Pixels);
            for (int i = 0; i < image.Pixels.Length / 2; i++) image.Pixels[i] = (byte)(i / 3);
            PngWriter.Write(folder["a.png"], image);
            Assert.That(new ImageFiles().Open(folder["a.png"]).Pixels, Is.EqualTo(image.Pixels));

            byte[] grey = [.. image.Pixels.Take(width * height)];
            PngWriter.WriteGrey(folder["g.png"], width, height, grey);
            Assert.That(new ImageFiles().Open(folder["g.png"]).Pixels, Is.EqualTo(grey.SelectMany(value => new[] { value, value, value })));
        }
        Assert.That(folder.Names, Is.EqualTo(new[] { "a.png", "g.png" }));
    }

    [Test]
    public void The_writer_filters_so_that_a_slope_takes_few_bytes()
    {
        var image = new Image(200, 200);
        for (int y = 0; y < 200; y++)
            for (int x = 0; x < 600; x++)
                image.Row(y)[x] = (byte)(x / 3 + y);
        Assert.That(PngWriter.Encode(image), Has.Length.LessThan(2000), "bytes of 120,000");
    }

    // Each is one thing that is wrong with a file, and a word of the message that says so.
    private static IEnumerable<TestCaseData> WrongFiles()
    {
        static TestCaseData Case(string name, byte[] file, string message) => new TestCaseData(file, message).SetArgDisplayNames(name);
        var png = new PngBuilder { Width = 3, Height = 2, Samples = [.. Enumerable.Range(0, 18)] };
        byte[] header = png.Header(), data = png.Data(new Random(1)), end = PngBuilder.Chunk("IEND", []), good = [.. PngBuilder.Signature, .. header, .. data, .. end];
        byte[] rows = png.Rows(new Random(1));
        byte[] With(params byte[][] chunks) => [.. PngBuilder.Signature, .. chunks.SelectMany(chunk => chunk)];
        byte[] Sized(uint width, uint height, byte depth = 8, byte colour = 2, byte compression = 0, byte filter = 0, byte interlace = 0)
        {
            byte[] bytes = new byte[13];
            BinaryPrimitives.WriteUInt32BigEndian(bytes, width);
            BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(4), height);
            (bytes[8], bytes[9], bytes[10], bytes[11], bytes[12]) = (depth, colour, compression, filter, interlace);
            return PngBuilder.Chunk("IHDR", bytes);
        }
        byte[] badCheck = [.. good];
        badCheck[30] ^= 1;
        byte[] badAdler = PngBuilder.Deflate(rows);
        badAdler[^1] ^= 1;
        byte[] badFilter = [.. rows];
        badFilter[0] = 5;
        var palette = new PngBuilder { Width = 2, Height = 1, Colour = PngBuilder.Palette, Samples = [0, 3] };

        yield return Case("signature only", PngBuilder.Signature, "its end (IEND) is missing");
        yield return Case("no end", With(header, data), "its end (IEND) is missing");
        yield return Case("cut in the data", good[..(good.Length - 25)], "it is cut off");
        yield return Case("trailing garbage", [.. good, 1, 2, 3], "3 bytes follow its end");
        yield return Case("wrong checksum", badCheck, "the checksum of chunk IHDR is wrong");
        yield return Case("no header", With(data, end), "does not start with its header");
        yield return Case("two headers", With(header, header, data, end), "two headers");
        yield return Case("no data", With(header, end), "no data");
        yield return Case("data in two places", With(header, data, PngBuilder.Chunk("tEXt", [1]), data, end), "not in one piece");
        yield return Case("short header", With(PngBuilder.Chunk("IHDR", new byte[12]), data, end), "has 12 bytes, not 13");
        yield return Case("width 0", With(Sized(0, 2), data, end), "it says it is 0×2 pixels");
        yield return Case("width 2^32-1", With(Sized(uint.MaxValue, 2), data, end), "4294967295×2 pixels; at most 1048576 a side");
        yield return Case("a billion pixels", With(Sized(1 << 16, 1 << 16), data, end), "65536×65536 pixels; at most");
        yield return Case("size beyond the data", With(Sized(10_000, 10_000), data, end), "cannot hold 10000×10000 pixels");
        yield return Case("depth 3", With(Sized(3, 2, depth: 3), data, end), "no colour type 2 with 3 bits");
        yield return Case("RGB of 4 bits", With(Sized(3, 2, depth: 4), data, end), "no colour type 2 with 4 bits");
        yield return Case("colour type 1", With(Sized(3, 2, colour: 1), data, end), "no colour type 1");
        yield return Case("compression 1", With(Sized(3, 2, compression: 1), data, end), "compression 1");
        yield return Case("filter method 1", With(Sized(3, 2, filter: 1), data, end), "filter 1");
        yield return Case("interlace 2", With(Sized(3, 2, interlace: 2), data, end), "interlace 2");
        yield return Case("unknown critical chunk", With(header, PngBuilder.Chunk("CgBI", [0]), data, end), "its chunk CgBI is needed");
        yield return Case("chunk length 2^32-1", [.. PngBuilder.Signature, .. header, 255, 255, 255, 255, .. "IDATxxxxxxxx"u8], "chunk IDAT of 4294967295 bytes");
        yield return Case("data end early", With(header, PngBuilder.Chunk("IDAT", PngBuilder.Deflate(rows[..^1])), end), "its data end early");
        yield return Case("data too long", With(header, PngBuilder.Chunk("IDAT", PngBuilder.Deflate([.. rows, 0])), end), "more data than 3×2 pixels need");
        yield return Case("no zlib stream", With(header, PngBuilder.Chunk("IDAT", [1, 2, 3, 4, 5, 6]), end), "compressed data are damaged");
        yield return Case("wrong zlib check", With(header, PngBuilder.Chunk("IDAT", badAdler), end), "compressed data are damaged");
        yield return Case("row filter 5", With(header, PngBuilder.Chunk("IDAT", PngBuilder.Deflate(badFilter)), end), "filter 5");
        yield return Case("no palette", With(palette.Header(), palette.Data(new Random(1)), end), "no palette");
        yield return Case("colour not in palette", With(palette.Header(), PngBuilder.Chunk("PLTE", new byte[9]), palette.Data(new Random(1)), end), "colour 3, but the palette has 3");
        yield return Case("palette of 4 bytes", With(palette.Header(), PngBuilder.Chunk("PLTE", new byte[4]), palette.Data(new Random(1)), end), "palette (PLTE) of 4 bytes");
        yield return Case("empty palette", With(palette.Header(), PngBuilder.Chunk("PLTE", []), palette.Data(new Random(1)), end), "palette (PLTE) of 0 bytes");
        yield return Case("palette after the data", With(palette.Header(), palette.Data(new Random(1)), PngBuilder.Chunk("PLTE", new byte[12]), end), "in the wrong place");
    }

    [TestCaseSource(nameof(WrongFiles))]
    public void A_wrong_file_is_refused_with_its_reason(byte[] file, string message) =>
        Assert.That(() => Decoder.Decode(file, "a.png"), Throws.TypeOf<ImageFormatException>().With.Message.StartsWith("Cannot decode a.png: ").And.Message.Contains(message));

    [Test]
    public void A_file_cut_anywhere_is_refused()
    {
        var random = new Random(2);
        byte[] file = Random(9, 7, (PngBuilder.Rgb, 8), interlace: true, random).Encode(random);
        for (int length = 0; length < file.Length; length++)
        {
            byte[] cut = file[..length];
            Assert.That(() => new ImageFiles().Decode(cut, "a.png"), Throws.TypeOf<ImageFormatException>(), $"{length} of {file.Length} bytes");
        }
    }

    [Test]
    public void Mutated_files_throw_only_the_format_error_and_allocate_little()
    {
        var random = new Random(3);
        byte[][] seeds = [.. Kinds.SelectMany(kind => new[] { false, true }.Select(interlace => Random(13, 6, kind, interlace, random).Encode(random)))];
        int refused = 0, accepted = 0;
        for (int round = 0; round < 6000; round++)
        {
            List<byte> bytes = [.. seeds[round % seeds.Length]];
            for (int edits = random.Next(1, 4); edits > 0; edits--)
            {
                int at = random.Next(8, bytes.Count);
                int choice = random.Next(4);
                if (choice == 0) bytes[at] = (byte)random.Next(256);
                else if (choice == 1) bytes[at] ^= (byte)(1 << random.Next(8));
                else if (choice == 2) bytes.RemoveRange(at, Math.Min(random.Next(1, 10), bytes.Count - at));
                else bytes.InsertRange(at, bytes.GetRange(8, random.Next(bytes.Count - 8)));
                if (bytes.Count < 12) break;
            }
            byte[] file = Rechecked([.. bytes]);
            long before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                Decoder.Decode(file, "a.png");
                accepted++;
            }
            catch (ImageFormatException)
            {
                refused++;
            }
            // The most a few hundred bytes of data can swell to, three times over, and the exception.
            Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(3 * 1032L * 8 * file.Length + 100_000), "bytes allocated");
        }
        TestContext.Out.WriteLine($"{refused} refused, {accepted} accepted");
        Assert.That(refused, Is.GreaterThan(3000));
        Assert.That(accepted, Is.GreaterThan(100), "some edits leave a good file, such as one of the text or of a palette's colours");
    }

    // Puts the checksums right as far as the chunks can be followed, so that edits reach the code behind them.
    private static byte[] Rechecked(byte[] file)
    {
        int at = 8;
        while (at + 12 <= file.Length)
        {
            long length = BinaryPrimitives.ReadUInt32BigEndian(file.AsSpan(at));
            if (at + 12 + length > file.Length) break;
            string type = string.Concat(file.Skip(at + 4).Take(4).Select(value => (char)value));
            if (type.All(char.IsAscii)) PngBuilder.Chunk(type, file[(at + 8)..(int)(at + 8 + length)]).CopyTo(file, at);
            at += 12 + (int)length;
        }
        return file;
    }

    private static PngBuilder Random(int width, int height, (int Colour, int Depth) kind, bool interlace, Random random)
    {
        byte[] colours = new byte[kind.Colour == PngBuilder.Palette ? 3 << kind.Depth : 0];
        random.NextBytes(colours);
        int samples = kind.Colour switch { PngBuilder.Rgb => 3, PngBuilder.GreyAlpha => 2, PngBuilder.RgbAlpha => 4, _ => 1 };
        return new PngBuilder
        {
            Width = width,
            Height = height,
            Colour = kind.Colour,
            Depth = kind.Depth,
            Interlace = interlace,
            Colours = colours,
            Samples = [.. Enumerable.Range(0, width * height * samples).Select(_ => random.Next(1 << kind.Depth))],
        };
    }

    private static byte[] Expected(PngBuilder png)
    {
        int full = (1 << png.Depth) - 1;
        int Byte(int sample) => png.Depth == 16 ? sample >> 8 : sample * 255 / full;
        List<byte> bgr = [];
        for (int i = 0; i < png.Samples.Length; i += png.SampleCount)
        {
            int[] s = png.Samples[i..(i + png.SampleCount)];
            int[] rgb = png.Colour switch
            {
                PngBuilder.Palette => [png.Colours[3 * s[0]], png.Colours[3 * s[0] + 1], png.Colours[3 * s[0] + 2]],
                PngBuilder.Rgb or PngBuilder.RgbAlpha => [Byte(s[0]), Byte(s[1]), Byte(s[2])],
                _ => [Byte(s[0]), Byte(s[0]), Byte(s[0])],
            };
            bgr.AddRange([(byte)rgb[2], (byte)rgb[1], (byte)rgb[0]]);
        }
        return [.. bgr];
    }
}

using System.Diagnostics;
using EvenNet.Framework;
using EvenNet.Kernels;

namespace EvenNet.Tests;

public sealed class ImageLoaderTests
{
    private static readonly ImageTransform Small = new(8, 8) { Mean = default };

    [Test]
    public void The_result_does_not_depend_on_the_number_of_threads()
    {
        using TemporaryFolder folder = Pictures(40, broken: [7]);
        ImageSample sample = ImageSource.Folder(folder.Path).Sample(30, seed: 5);
        LoadedImages one = Load(sample, threads: 1), four = Load(sample, threads: 4);
        Assert.That(four.Batch.Data, Is.EqualTo(one.Batch.Data));
        Assert.That(four.Batch.Names, Is.EqualTo(one.Batch.Names));
        Assert.That(one.Batch.Count, Is.EqualTo(30));
        Assert.That(one.Distinct, Is.EqualTo(30));
    }

    [Test]
    public void Each_place_holds_its_own_picture()
    {
        using TemporaryFolder folder = Pictures(10);
        ImageSample sample = ImageSource.Folder(folder.Path).Sample(10, seed: 1);
        LoadedImages loaded = Load(sample);
        Assert.That(loaded.Batch.Names, Is.EqualTo(sample.Paths));
        for (int n = 0; n < 10; n++) Assert.That(loaded.Batch.Sample(n).ToArray(), Is.All.EqualTo(Level(loaded.Batch.Names[n])));
    }

    [Test]
    public void A_broken_picture_is_skipped_and_the_next_takes_its_place()
    {
        using TemporaryFolder folder = Pictures(12, broken: [3]);
        LoadedImages loaded = Load(ImageSource.Folder(folder.Path).Sample(10));
        Assert.That(loaded.Batch.Names.Select(Level), Is.EqualTo(new[] { 0, 1, 2, 10, 4, 5, 6, 7, 8, 9 }));
        Assert.That(loaded.Batch.Sample(3).ToArray(), Is.All.EqualTo(10));
        Assert.That(loaded.Skipped.Select(skipped => skipped.Path), Is.EqualTo(new[] { folder["03.png"] }));
        Assert.That(loaded.Skipped[0].Reason, Does.StartWith("a broken PNG: "));
    }

    [Test]
    public void Too_few_pictures_come_round_again_without_the_broken_one()
    {
        using TemporaryFolder folder = Pictures(3, broken: [1]);
        LoadedImages loaded = Load(ImageSource.Folder(folder.Path).Sample(7));
        Assert.That(loaded.Distinct, Is.EqualTo(2));
        Assert.That(loaded.Batch.Names.Select(Level), Is.EqualTo(new[] { 0, 0, 2, 2, 0, 2, 0 }));
        for (int n = 0; n < 7; n++) Assert.That(loaded.Batch.Sample(n).ToArray(), Is.All.EqualTo(Level(loaded.Batch.Names[n])));
    }

    [Test]
    public void More_than_one_in_a_hundred_is_no_accident()
    {
        using TemporaryFolder folder = Pictures(50, broken: [3, 40]);
        Assert.That(() => Load(ImageSource.Folder(folder.Path).Sample(45)),
            Throws.TypeOf<ImageSourceException>().With.Message.StartsWith($"2 of 45 pictures of {folder.Path} could not be read, 1 are allowed; the first is {folder["03.png"]}: a broken PNG: "));
    }

    [Test]
    public void A_list_whose_only_file_is_missing_says_so()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["list.txt"], "none.png 3\n");
        Assert.That(() => Load(ImageSource.ListFile(folder["list.txt"]).All()),
            Throws.TypeOf<ImageSourceException>().With.Message.Contains("1 of 1 pictures").And.Message.Contains(folder["none.png"]));
    }

    [Test]
    public void A_broken_picture_that_was_named_fails_at_once()
    {
        using TemporaryFolder folder = Pictures(3, broken: [1]);
        Assert.That(() => Load(ImageSource.Of(folder["00.png"], folder["01.png"]).All()), Throws.TypeOf<ImageFormatException>().With.Property("File").EqualTo(folder["01.png"]));
        Assert.That(() => Load(ImageSource.Of(folder["none.png"]).All()), Throws.TypeOf<ImageFormatException>().With.Message.StartsWith($"Cannot decode {folder["none.png"]}: "));
    }

    [Test]
    public void A_missing_decoder_stops_the_work_instead_of_skipping()
    {
        using TemporaryFolder folder = Pictures(200);
        File.WriteAllBytes(folder["50.jpg"], JpegSamples.Baseline);
        using var absent = new JpegDecoder(new NativeLibraryStatus("libturbojpeg", IsFound: false, null, null, ["libnone.so"]));
        Assert.That(() => new ImageLoader(new ImageFiles(absent), Small).Load(ImageSource.Folder(folder.Path).All()),
            Throws.TypeOf<ImageFormatException>().With.Message.StartsWith($"Cannot decode {folder["50.jpg"]}: libturbojpeg was not found (tried libnone.so)."));
    }

    [Test]
    public void A_picture_smaller_than_the_cut_is_skipped_with_both_sizes()
    {
        using TemporaryFolder folder = Pictures(12);
        PngWriter.Write(folder["05.png"], new Image(4, 30));
        LoadedImages loaded = new ImageLoader(new ImageFiles(), Small with { Fit = ImageFit.Crop, ResizeTo = 0 }).Load(ImageSource.Folder(folder.Path).Sample(8));
        Assert.That(loaded.Skipped, Is.EqualTo(new[] { new SkippedImage(folder["05.png"], "a cut of 8×8 does not fit into 4×30 pixels (ResizeTo is 0)") }));
    }

    [Test]
    public void A_single_pixel_is_used_and_reported()
    {
        using TemporaryFolder folder = Pictures(3);
        PngWriter.Write(folder["01.png"], new Image(1, 1, [9, 9, 9]));
        LoadedImages loaded = Load(ImageSource.Folder(folder.Path).All());
        Assert.That(loaded.TooSmall, Is.EqualTo(new[] { folder["01.png"] }));
        Assert.That(loaded.Batch.Sample(1).ToArray(), Is.All.EqualTo(9));
    }

    [Test]
    public void Progress_grows_by_one_to_the_end()
    {
        using TemporaryFolder folder = Pictures(20);
        var seen = new Seen();
        new ImageLoader(new ImageFiles(), Small, threads: 4).Load(ImageSource.Folder(folder.Path).All(), seen);
        Assert.That(seen.All, Is.EqualTo(Enumerable.Range(1, 20).Select(done => (done, 20))));
    }

    [Test]
    public void A_cancellation_ends_the_work()
    {
        using TemporaryFolder folder = Pictures(20);
        using var cancellation = new CancellationTokenSource();
        var seen = new Seen { Then = cancellation.Cancel };
        Assert.That(() => new ImageLoader(new ImageFiles(), Small, threads: 2).Load(ImageSource.Folder(folder.Path).All(), seen, cancellation.Token), Throws.InstanceOf<OperationCanceledException>());
        Assert.That(seen.All, Has.Count.LessThan(10));
    }

    [Test]
    public void A_hundred_and_sixty_real_pictures_load_in_a_second()
    {
        ImageSource source = ImageSource.Voc(SharedData.Require("data", "voc-mini", "VOCdevkit"), "trainval");
        using JpegDecoder decoder = JpegTests.Require();
        var loader = new ImageLoader(new ImageFiles(decoder), new ImageTransform(227, 227), threads: 2);
        loader.Load(source.Sample(20));
        TimeSpan before = Process.GetCurrentProcess().TotalProcessorTime;
        LoadedImages loaded = loader.Load(source.Sample(160, seed: 1));
        TimeSpan spent = Process.GetCurrentProcess().TotalProcessorTime - before;
        double mean = loaded.Batch.Data.Average(value => (double)value);
        TestContext.Out.WriteLine($"160 pictures: {spent.TotalMilliseconds:F0} ms of processor time, mean {mean:F3}");
        Assert.That(loaded.Batch.Count, Is.EqualTo(160));
        Assert.That(loaded.Skipped, Is.Empty);
        Assert.That(mean, Is.InRange(-15, 5), "photographs are near the mean that is subtracted");
        Assert.That(spent, Is.LessThan(TimeSpan.FromSeconds(2)), "of processor time, on two threads");
    }

    private static LoadedImages Load(ImageSample sample, int threads = 0) => new ImageLoader(new ImageFiles(), Small, threads).Load(sample);

    // 00.png, 01.png, …: one level each, the number in the name; those in broken are cut off.
    private static TemporaryFolder Pictures(int count, int[]? broken = null)
    {
        var folder = new TemporaryFolder();
        for (int i = 0; i < count; i++)
        {
            var image = new Image(20, 18);
            Array.Fill(image.Pixels, (byte)i);
            byte[] file = PngWriter.Encode(image);
            File.WriteAllBytes(folder[$"{i:D2}.png"], broken?.Contains(i) == true ? file[..^20] : file);
        }
        return folder;
    }

    private static int Level(string path) => int.Parse(Path.GetFileNameWithoutExtension(path));

    private sealed class Seen : IProgress<(int Done, int Total)>
    {
        public List<(int, int)> All { get; } = [];

        public Action Then { get; init; } = () => { };

        public void Report((int Done, int Total) value)
        {
            All.Add(value);
            Then();
        }
    }
}

using System.Buffers.Binary;
using System.Text;
using EvenNet.Cli;
using EvenNet.Framework;
using EvenNet.Kernels;

namespace EvenNet.Tests.Cli;

/// <summary>What a user may hand in by mistake: each is told what is wrong with what, and loses nothing.</summary>
public sealed class BadInputTests
{
    private TemporaryFolder folder = null!;

    [SetUp]
    public void MakeFolder() => folder = new TemporaryFolder();

    [TearDown]
    public void RemoveFolder() => folder.Dispose();

    [TestCase("--method kmean", "--method: there is no kmean")]
    [TestCase("--between papr", "--between: there is no papr; did you mean paper? There are scale-layers, paper, reference, none")]
    [TestCase("--mean 1,2", "--mean takes three numbers, blue,green,red (104,117,123), or a mean picture (.binaryproto), got 1,2")]
    [TestCase("--count 0", "--count must be at least 1, got 0")]
    [TestCase("--damping 2", "--damping must lie between 0 and 1, got 2")]
    [TestCase("--voc x", "exclude one another")]
    [TestCase("--no-report --report x", "--report and --no-report exclude each other")]
    [TestCase("--seed -1", "--seed")]
    public void A_wrong_option_is_told_before_anything_is_read(string options, string message) =>
        ToolRun.Of(["init", "caffenet-mini", "--images", "nowhere", .. options.Split(' ')]).MustFail(ExitCode.Usage, message);

    [Test]
    public void No_pictures_at_all_names_the_three_ways() =>
        ToolRun.Of("init", "caffenet").MustFail(ExitCode.Usage, "give one of --images DIR, --list FILE, --voc DIR");

    [Test]
    public void A_net_without_published_fills_cannot_be_filled_that_way() =>
        ToolRun.Of("init", "vgg16", "--images", folder.Path, "--method", "caffe").MustFail(ExitCode.Usage, "no published fills");

    [Test]
    public void Blind_methods_would_overwrite_the_weights_that_are_to_be_kept() =>
        ToolRun.Of("init", "caffenet-mini", "--images", folder.Path, "--method", "msra", "--weights", "w").MustFail(ExitCode.Usage, "--weights keeps what is in the file");

    [Test]
    public void An_empty_folder_says_what_was_looked_for()
    {
        File.WriteAllText(folder["notes.txt"], "no picture");
        Init(folder.Path).MustFail(ExitCode.Data, $"No images in {folder.Path} (looked for *.jpg", "notes.txt");
        Init(folder["none"]).MustFail(ExitCode.Data, $"There is no folder {folder["none"]}");
    }

    [Test]
    public void Voc_one_level_off_says_where_it_is()
    {
        foreach (string part in (string[])["JPEGImages", "Annotations", "ImageSets/Main"]) Directory.CreateDirectory(Path.Combine(folder["VOCdevkit"], "VOC2007", part));
        ToolRun.Of("init", "caffenet-mini", "--voc", folder.Path, "--method", "gaussian").MustFail(ExitCode.Data, "No VOC data in", $"did you mean {folder["VOCdevkit"]}?");
    }

    [Test]
    public void A_broken_jpeg_is_skipped_and_named_and_many_stop_the_work()
    {
        string images = PictureFolder.Make(folder["images"], 8);
        File.WriteAllBytes(Path.Combine(images, "broken.jpg"), JpegSamples.Baseline[..300]);
        if (!JpegDecoder.Library.IsFound)
        {
            Init(images).MustFail(ExitCode.Device, "libturbojpeg", "apt install libturbojpeg0");
            return;
        }
        ToolRun run = Init(images, "--count", "9", "--json");
        Assert.That(run.Json.GetProperty("skipped")[0].GetProperty("path").GetString(), Does.EndWith("broken.jpg"));
        Assert.That(run.Error, Does.Contain("1 pictures could not be read").And.Contain("broken.jpg"));

        File.WriteAllBytes(Path.Combine(images, "worse.jpg"), [0xFF, 0xD8, 0xFF, 0]);
        Init(images, "--count", "10").MustFail(ExitCode.Data, "2 of 10 pictures", "could not be read");
    }

    [Test]
    public void Pngs_of_every_kind_and_a_single_pixel_are_pictures()
    {
        var random = new Random(3);
        byte[] Png(int colour, int depth, int width, int height)
        {
            int samples = colour switch { PngBuilder.Rgb => 3, PngBuilder.GreyAlpha => 2, PngBuilder.RgbAlpha => 4, _ => 1 };
            return new PngBuilder { Width = width, Height = height, Depth = depth, Colour = colour, Samples = [.. Enumerable.Range(0, samples * width * height).Select(_ => random.Next(1 << depth))] }.Encode(random);
        }

        string images = PictureFolder.Make(folder["images"], 3);
        File.WriteAllBytes(Path.Combine(images, "grey.png"), Png(PngBuilder.Grey, 8, 30, 20));
        File.WriteAllBytes(Path.Combine(images, "deep.png"), Png(PngBuilder.Rgb, 16, 30, 20));
        File.WriteAllBytes(Path.Combine(images, "alpha.png"), Png(PngBuilder.RgbAlpha, 8, 30, 20));
        File.WriteAllBytes(Path.Combine(images, "pixel.png"), Png(PngBuilder.Rgb, 8, 1, 1));
        ToolRun run = Init(images, "--count", "7", "--json");
        Assert.That(run.Json.GetProperty("skipped").GetArrayLength(), Is.Zero);
        Assert.That(run.Json.GetProperty("flatness").GetDouble(), Is.InRange(1, 2));
        Assert.That(run.Error, Does.Contain("1 pictures have a side under 16 pixels").And.Contain("pixel.png"));
    }

    [Test]
    public void A_weight_file_that_is_cut_or_hostile_or_missing_is_refused()
    {
        string images = PictureFolder.Make(folder["images"], 4);
        Assert.That(Init(images, "--count", "4", "--out", folder["good"], "--json").ExitCode, Is.Zero);
        byte[] good = File.ReadAllBytes(folder["good"]);
        File.WriteAllBytes(folder["cut"], good[..^100]);
        File.WriteAllBytes(folder["huge"], [.. BitConverter.GetBytes(ulong.MaxValue), .. good[8..]]);
        File.WriteAllBytes(folder["overlap"], Raw("""{"conv1.weight":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"conv1.bias":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}""", 12));
        File.WriteAllBytes(folder["overflow"], Raw("""{"conv1.weight":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,8]}}""", 8));
        File.WriteAllBytes(folder["other"], Raw("""{"layer.weight":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 8));
        foreach ((string name, string message) in new[]
        {
            ("cut", "cut off"), ("huge", "header's length"), ("overlap", "inside another"), ("overflow", "more than can be counted"), ("other", "none of its tensors"), ("none", "none"),
        })
        {
            ToolRun.Of("diagnose", "caffenet-mini", "--weights", folder[name], "--images", images, "--count", "2").MustFail(ExitCode.Data, folder[name], message);
            ToolRun.Of("init", "caffenet-mini", "--weights", folder[name], "--images", images, "--count", "2", "--method", "gaussian").MustFail(ExitCode.Data, message);
        }

        static byte[] Raw(string header, int dataBytes)
        {
            byte[] text = Encoding.UTF8.GetBytes(header), file = new byte[8 + text.Length + dataBytes];
            BinaryPrimitives.WriteInt64LittleEndian(file, text.Length);
            text.CopyTo(file, 8);
            return file;
        }
    }

    [Test]
    public void Weights_of_another_size_are_listed_with_both_sizes_and_can_be_left_out()
    {
        string images = PictureFolder.Make(folder["images"], 4);
        Assert.That(Init(images, "--count", "4", "--classes", "7", "--out", folder["w"], "--json").ExitCode, Is.Zero);
        string[] command = ["init", "caffenet-mini", "--weights", folder["w"], "--images", images, "--count", "4", "--method", "gaussian", "--classes", "20"];
        ToolRun.Of(command).MustFail(ExitCode.Data, "fc8.weight is 7×512 in the file and 20×512 in the net", "fc8.bias is 7 in the file and 20 in the net", "--skip LAYER");
        ToolRun skipped = ToolRun.Of([.. command, "--skip", "fc8", "--json"]);
        Assert.That(skipped.Json.GetProperty("layers").EnumerateArray().Select(l => l.GetProperty("weights").GetString()).TakeLast(2), Is.EqualTo(new[] { "kept", "gaussian" }));
        ToolRun.Of([.. command, "--skip", "fc9"]).MustFail(ExitCode.Usage, "no node named fc9; did you mean fc");
    }

    [Test]
    public void The_number_of_classes_comes_from_the_file()
    {
        string images = PictureFolder.Make(folder["images"], 4);
        Assert.That(Init(images, "--count", "4", "--classes", "7", "--out", folder["w"], "--json").ExitCode, Is.Zero);
        Assert.That(ToolRun.Of("diagnose", "caffenet-mini", "--weights", folder["w"], "--images", images, "--count", "4", "--json").Json.GetProperty("classes").GetInt32(), Is.EqualTo(7));
    }

    [Test]
    public void Weights_that_are_not_finite_are_named()
    {
        string images = PictureFolder.Make(folder["images"], 4);
        using Backend backend = Backends.Open("reference");
        using var parameters = new ParameterSet(Models.Nets.Find("caffenet-mini").Graph(20), backend);
        foreach (Parameter p in parameters.All.Where(p => p.Spec.Name == "weight")) p.Fill(p.Node.Name == "conv4" ? float.NaN : 0.01f);
        Checkpoint.Save(parameters, folder["w"]);
        ToolRun.Of("diagnose", "caffenet-mini", "--weights", folder["w"], "--images", images, "--count", "2").MustFail(ExitCode.Data, "conv4.weight holds numbers that are not finite");
    }

    [Test]
    public void Numbers_that_leave_the_range_of_floats_end_with_the_first_layer_that_has_them()
    {
        string images = PictureFolder.Make(folder["images"], 2);
        ToolRun.Of("init", "caffenet-mini", "--images", images, "--method", "xavier", "--count", "2", "--scale", "1e38", "--no-elements", "--out", folder["w"])
            .MustFail(ExitCode.Usage, "--scale must lie between");
        ToolRun.Of("init", "caffenet-mini", "--images", images, "--method", "msra", "--count", "2", "--scale", "1e30", "--mean", "1e9,0,0", "--no-elements", "--out", folder["w"])
            .MustFail(ExitCode.Diverged, "conv1 puts out numbers that are not finite", "--scale");
        Assert.That(folder.Names, Is.EqualTo(new[] { "images" }));
    }

    [Test]
    public void Outputs_that_cannot_be_written_are_told_before_the_work()
    {
        string images = PictureFolder.Make(folder["images"], 2);
        Init(images, "--out", Path.Combine(folder["none"], "w")).MustFail(ExitCode.Data, "there is no folder");
        Init(images, "--out", images).MustFail(ExitCode.Data, "is a folder");
        Init(images, "--report", Path.Combine(images, "picture-00.png")).MustFail(ExitCode.Data, "is a file");
    }

    [Test]
    public void A_full_disk_leaves_the_earlier_weights()
    {
        string images = PictureFolder.Make(folder["images"], 4), disk = folder["disk"];
        Directory.CreateDirectory(disk);
        using var small = SmallDisk.Mount(disk, "2m");
        string file = Path.Combine(disk, "w.safetensors");
        File.WriteAllText(file, "earlier");
        Init(images, "--count", "4", "--out", file).MustFail(ExitCode.Data, $"Cannot write {file}", "The file that was there is unchanged");
        Assert.That(File.ReadAllText(file), Is.EqualTo("earlier"));
        Assert.That(Directory.GetFileSystemEntries(disk), Has.Length.EqualTo(1));
    }

    [Test]
    public void More_pictures_than_the_memory_holds_are_refused_with_the_number_that_fits()
    {
        string images = PictureFolder.Make(folder["images"], 1);
        ToolRun.Of("init", "vgg16", "--images", images, "--method", "gaussian", "--count", "20000").MustFail(ExitCode.OutOfMemory, "20000 pictures need about", "--count");
    }

    private static ToolRun Init(string images, params string[] options) => ToolRun.Of(["init", "caffenet-mini", "--images", images, "--method", "gaussian", .. options]);
}

using System.Buffers.Binary;
using System.IO.Compression;
using EvenNet.Framework;

namespace EvenNet.Tests;

/// <summary>IDX and CIFAR files.</summary>
public sealed class BinaryDatasetTests
{
    [Test]
    public void Idx_files_give_grey_pictures_and_classes([Values] bool isCompressed)
    {
        using var folder = new TemporaryFolder();
        string end = isCompressed ? ".gz" : "";
        Write(folder[$"train-images-idx3-ubyte{end}"], Idx([3, 4, 5], [.. Enumerable.Range(0, 60).Select(i => (byte)i)]), isCompressed);
        Write(folder[$"train-labels-idx1-ubyte{end}"], Idx([3], [7, 0, 9]), isCompressed);
        IdxDataset data = IdxDataset.OpenFolder(folder.Path, "train");
        Assert.That((data.Count, data.Channels, data.Shape, data.Classes.Count), Is.EqualTo((3, 1, new Shape(1, 4, 5), 10)));
        Assert.That(Enumerable.Range(0, 3).Select(i => data.Label(i)[0]), Is.EqualTo(new[] { 7f, 0, 9 }));
        var picture = new ImageBuffer();
        data.Read(1, picture);
        Assert.That((picture.Width, picture.Height, picture.Channels), Is.EqualTo((5, 4, 1)));
        Assert.That(picture.Pixels.ToArray(), Is.EqualTo(Enumerable.Range(20, 20)));
        LabelledBatch batch = new DataLoader(data, new Augmentation(new Shape(1, 4, 5)) { Scale = 1 / 256f }, LoaderOptions.Once(3, 1)).Batches().First();
        Assert.That(batch.Images, Is.EqualTo(Enumerable.Range(0, 60).Select(i => i / 256f)));
    }

    [Test]
    public void Bad_idx_files_name_the_file_and_both_numbers()
    {
        using var folder = new TemporaryFolder();
        string images = folder["t10k-images-idx3-ubyte"], labels = folder["t10k-labels-idx1-ubyte"];
        byte[] good = Idx([3, 4, 5], new byte[60]);
        File.WriteAllBytes(labels, Idx([3], [1, 2, 3]));
        void Bad(byte[] content, string message, bool isCompressed = false)
        {
            Write(images, content, isCompressed);
            Fails(() => IdxDataset.OpenFolder(folder.Path, "test"), message);
        }
        Bad(good[..50], $"{images} is cut off: 3×4×5 values are 60 bytes, the file has 34.");
        Bad(good[..50], $"{images} is cut off: 3×4×5 values are 60 bytes, the file has 34.", isCompressed: true);
        Bad([.. good, 1], $"{images} has more than the 60 bytes of its 3×4×5 values.");
        Bad(good[..9], $"{images} is cut off: its header has 9 of 16 bytes.");
        Bad(Idx([3], [1, 2, 3]), $"{images} has 1 dimensions, 3 are expected: pictures × rows × columns.");
        Bad([0, 0, 0x0D, 3, .. good[4..]], $"{images} holds IDX values of type 0D; only unsigned bytes (08) are read.");
        Bad([1, 2, 3, 4], $"{images} is no IDX file: it starts with 01020304, not with 0000.");
        Bad(Idx([2, 4, 5], new byte[40]), $"{images} has 2 pictures, but {labels} has 3 labels.");
        Bad([0, 0, 8, 3, 0x7F, 0xFF, 0xFF, 0xFF, 0, 0, 0, 1, 0, 0, 0, 1], $"{images} says that it holds 2147483647×1×1 values; at most {Array.MaxLength} are read.");
        File.WriteAllBytes(images, [0x1F, 0x8B, 8, 0, 1, 2, 3]);
        Assert.That(() => IdxDataset.OpenFolder(folder.Path, "test"), Throws.TypeOf<ImageSourceException>().With.Message.StartsWith(images));
        File.WriteAllBytes(images, good);
        Fails(() => IdxDataset.OpenFolder(folder.Path, "test", ["a", "b", "c"]), $"{labels}: label 2 is 3, but the 3 classes are 0 … 2.");
        File.Delete(labels);
        Fails(() => IdxDataset.OpenFolder(folder.Path, "test"), $"{folder.Path} has no t10k-labels-idx1-ubyte or t10k-labels-idx1-ubyte.gz. Did you mean {images}?");
        Fails(() => IdxDataset.OpenFolder(folder.Path, "val"), "IDX data have no split val; they have train and test.");
    }

    [Test]
    public void A_claim_of_much_data_costs_little_memory()
    {
        using var folder = new TemporaryFolder();
        Write(folder["a"], [0, 0, 8, 3, 0x40, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1], isCompressed: true);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Fails(() => IdxDataset.Open(folder["a"], folder["a"]), $"{folder["a"]} is cut off: 1073741824×1×1 values are 1073741824 bytes, the file has 0.");
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(10_000_000));
    }

    [Test]
    public void Cifar_planes_become_pixels_and_files_follow_one_another()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder["cifar-10-batches-bin"]);
        string inside = folder["cifar-10-batches-bin"];
        File.WriteAllBytes(Path.Combine(inside, "data_batch_1.bin"), [.. Record([3], 0), .. Record([5], 100)]);
        File.WriteAllBytes(Path.Combine(inside, "data_batch_2.bin"), Record([9], 50));
        File.WriteAllLines(Path.Combine(inside, "batches.meta.txt"), ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck", ""]);
        CifarDataset data = CifarDataset.Open10(folder.Path, "train");
        Assert.That((data.Count, data.Classes[9], data.Channels), Is.EqualTo((3, "truck", 3)));
        Assert.That(Enumerable.Range(0, 3).Select(i => data.Label(i)[0]), Is.EqualTo(new[] { 3f, 5, 9 }));
        Assert.That(data.NameOf(2), Is.EqualTo($"{Path.Combine(inside, "data_batch_2.bin")}, record 0"));
        var picture = new ImageBuffer();
        data.Read(1, picture);
        for (int i = 0; i < 1024; i++)
            Assert.That(picture.Pixels.Slice(3 * i, 3).ToArray(), Is.EqualTo(new[] { (byte)(100 + i + 2), (byte)(100 + i + 1), (byte)(100 + i) }), "blue, green, red");
        Assert.That(() => data.Read(3, picture), Throws.TypeOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public void Cifar_100_has_fine_and_coarse_classes()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(folder["train.bin"], [.. Record([19, 99], 0), .. Record([0, 4], 1)]);
        CifarDataset fine = CifarDataset.Open100(folder.Path, "train"), coarse = CifarDataset.Open100(folder.Path, "train", isCoarse: true);
        Assert.That((fine.Classes.Count, fine.Label(0)[0], fine.Label(1)[0]), Is.EqualTo((100, 99f, 4f)));
        Assert.That((coarse.Classes.Count, coarse.Label(0)[0], coarse.Label(1)[0]), Is.EqualTo((20, 19f, 0f)));
        var picture = new ImageBuffer();
        fine.Read(1, picture);
        Assert.That(picture.Pixels[2], Is.EqualTo(1), "the first red value");
    }

    [Test]
    public void Bad_cifar_files_name_the_file_and_both_numbers()
    {
        using var folder = new TemporaryFolder();
        string path = folder["test_batch.bin"];
        Fails(() => CifarDataset.Open10(folder.Path, "test"), $"No CIFAR data in {folder.Path}: there is no test_batch.bin.");
        File.WriteAllBytes(path, [.. Record([1], 0), .. Record([1], 0)[..100]]);
        Fails(() => CifarDataset.Open10(folder.Path, "test"), $"{path} has 3173 bytes, which are not whole records of 3073: 1 and 100 bytes more; it is cut off or no CIFAR file.");
        File.WriteAllBytes(path, [.. Record([1], 0), .. Record([10], 0)]);
        Fails(() => CifarDataset.Open10(folder.Path, "test"), $"{path}, record 1: class 10, but the 10 classes are 0 … 9.");
        File.WriteAllText(folder["batches.meta.txt"], "a\nb\n");
        Fails(() => CifarDataset.Open10(folder.Path, "test"), $"{folder["batches.meta.txt"]} has 2 names, 10 classes are expected.");
        Fails(() => CifarDataset.Open10(folder.Path, "tset"), "CIFAR has no split tset; it has train and test.");
        Fails(() => CifarDataset.Open10(folder["cifra"], "test"), $"There is no folder {folder["cifra"]}.");
    }

    [Test]
    public void The_real_cifar_pictures_are_read()
    {
        string folder = SharedData.Require("data", "cifar10");
        CifarDataset train = CifarDataset.Open10(folder, "train"), test = CifarDataset.Open10(folder, "test");
        Assert.That((train.Count, test.Count, train.Classes[0], train.Classes[9]), Is.EqualTo((10_000, 2_000, "airplane", "truck")));
        MeanImage mean = MeanImage.Of(train);
        BgrMean levels = mean.PerChannel();
        TestContext.Out.WriteLine($"mean {levels}");
        // Of all 50,000 pictures: 125.3 red, 122.9 green, 113.9 blue.
        Assert.That(levels.Red, Is.EqualTo(125.3).Within(1.5));
        Assert.That(levels.Green, Is.EqualTo(122.9).Within(1.5));
        Assert.That(levels.Blue, Is.EqualTo(113.9).Within(1.5));
    }

    [Test]
    public void The_real_fashion_pictures_are_read()
    {
        const string folder = "/usr/share/datasets/fashion-mnist";
        if (!Directory.Exists(folder)) Assert.Ignore($"no {folder} (Debian: apt install dataset-fashion-mnist)");
        IdxDataset test = IdxDataset.OpenFolder(folder, "test", IdxDataset.FashionClasses);
        Assert.That((test.Count, test.Shape), Is.EqualTo((10_000, new Shape(1, 28, 28))));
        for (int c = 0; c < 10; c++) Assert.That(Enumerable.Range(0, test.Count).Count(i => test.Label(i)[0] == c), Is.EqualTo(1000));
        Assert.That(test.Classes[(int)test.Label(0)[0]], Is.EqualTo("Ankle boot"));
    }

    private static void Fails(Func<Dataset> open, string message) => Assert.That(open, Throws.TypeOf<ImageSourceException>().With.Message.EqualTo(message));

    private static byte[] Idx(int[] sizes, byte[] values)
    {
        byte[] header = new byte[4 + 4 * sizes.Length];
        (header[2], header[3]) = (8, (byte)sizes.Length);
        for (int i = 0; i < sizes.Length; i++) BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4 + 4 * i), sizes[i]);
        return [.. header, .. values];
    }

    // Red starts at first and grows by one a pixel, green and blue one and two above it.
    private static byte[] Record(byte[] labels, int first) => [.. labels, .. Enumerable.Range(0, 3072).Select(i => (byte)(first + i % 1024 + i / 1024))];

    private static void Write(string path, byte[] content, bool isCompressed)
    {
        using FileStream file = File.Create(path);
        using Stream stream = isCompressed ? new GZipStream(file, CompressionLevel.Fastest) : file;
        stream.Write(content);
    }
}

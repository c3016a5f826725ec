using EvenNet.Framework;

namespace EvenNet.Tests;

/// <summary>Folders of class folders, and list files.</summary>
public sealed class FileDatasetTests
{
    private static readonly string[] CatDog = ["cat", "dog"];

    [Test]
    public void Class_folders_are_classes_in_the_order_of_their_names()
    {
        using TemporaryFolder folder = Folders();
        FolderDataset data = FolderDataset.Open(folder.Path, new ImageFiles(), "train");
        Assert.That(data.Classes, Is.EqualTo(CatDog));
        Assert.That((data.Count, data.LabelCount, data.IsMultiLabel, data.Split), Is.EqualTo((3, 1, false, "train")));
        Assert.That(Enumerable.Range(0, 3).Select(i => (Path.GetRelativePath(folder.Path, data.NameOf(i)), data.Label(i)[0])),
            Is.EqualTo(new[] { (Path.Combine("train", "cat", "a.png"), 0f), (Path.Combine("train", "cat", "below", "b.png"), 0f), (Path.Combine("train", "dog", "c.png"), 1f) }));
        var picture = new ImageBuffer();
        data.Read(2, picture);
        Assert.That((picture.Width, picture.Height, picture.Pixels[0]), Is.EqualTo((6, 5, (byte)3)));
        Assert.That(FolderDataset.Open(folder["train"], new ImageFiles()).Count, Is.EqualTo(3));
    }

    [Test]
    public void Another_splits_classes_keep_their_numbers()
    {
        using TemporaryFolder folder = Folders();
        Write(folder, "test/dog/d.png", 4);
        FolderDataset test = FolderDataset.Open(folder.Path, new ImageFiles(), "test", CatDog);
        Assert.That((test.Count, test.Label(0)[0]), Is.EqualTo((1, 1f)));
        Write(folder, "test/doog/d.png", 4);
        Fails(() => FolderDataset.Open(folder.Path, new ImageFiles(), "test", CatDog), $"{folder["test/doog"]} is none of the 2 classes; did you mean dog?");
    }

    [Test]
    public void Folders_that_are_no_data_set_say_what_is_missing()
    {
        using TemporaryFolder folder = Folders();
        Fails(() => FolderDataset.Open(folder.Path, new ImageFiles(), "trian"), $"There is no folder {folder["trian"]}. Did you mean {folder["train"]}?");
        Fails(() => FolderDataset.Open(folder["train/cat/below"], new ImageFiles()), $"{folder["train/cat/below"]} has no sub-folders: one for each class is expected.");
        Directory.CreateDirectory(folder["train/emu"]);
        Fails(() => FolderDataset.Open(folder.Path, new ImageFiles(), "train"), $"No images in {folder["train/emu"]} (looked for *.jpg *.jpeg *.png *.ppm *.pgm).");
    }

    [Test]
    public void A_list_gives_paths_and_classes()
    {
        using TemporaryFolder folder = Folders();
        File.WriteAllText(folder["list.txt"], "# Caffe's form\ntrain/cat/a.png 2\r\n\ntrain/dog/c.png\t0\n");
        ListDataset data = ListDataset.Open(folder["list.txt"], new ImageFiles());
        Assert.That((data.Count, data.Split), Is.EqualTo((2, "list")));
        Assert.That(data.Classes, Is.EqualTo(new[] { "0", "1", "2" }));
        Assert.That((data.NameOf(0), data.Label(0)[0], data.Label(1)[0]), Is.EqualTo((folder["train/cat/a.png"], 2f, 0f)));
        File.WriteAllText(folder["list.txt"], "cat/a.png 1\n");
        Assert.That(ListDataset.Open(folder["list.txt"], new ImageFiles(), folder["train"], CatDog).Label(0)[0], Is.EqualTo(1));
    }

    [Test]
    public void A_bad_line_is_named_by_its_number()
    {
        using TemporaryFolder folder = Folders();
        string list = folder["list.txt"];
        void Bad(string content, string message)
        {
            File.WriteAllText(list, content);
            Fails(() => ListDataset.Open(list, new ImageFiles(), classes: CatDog), message);
        }
        Bad("train/cat/a.png 0\ntrain/dog/c.png\n", $"{list}, line 2: a path and a class number are expected, got «train/dog/c.png».");
        Bad("train/cat/a.png 2\n", $"{list}, line 1: class 2, but the 2 classes are 0 … 1.");
        Bad("train/cat/a.png -1\n", $"{list}, line 1: class -1, but the 2 classes are 0 … 1.");
        Bad("train/cat/a.png 0\ntrain/cat/x.png 1\n", $"{list} names 2 pictures, 1 are missing; the first is {folder["train/cat/x.png"]}. Did you mean {folder["train/cat/a.png"]}?");
        Bad("# nothing\n", $"{list} names no picture (a path and a class number a line are expected).");
        Fails(() => ListDataset.Open(folder["lits.txt"], new ImageFiles()), $"There is no list file {folder["lits.txt"]}. Did you mean {list}?");
        File.WriteAllText(list, "train/cat/a.png 99999999\n");
        Fails(() => ListDataset.Open(list, new ImageFiles()), $"{list}, line 1: class 99999999; 0 … 1048575 are possible.");
    }

    [Test]
    public void A_picture_that_goes_away_or_breaks_names_its_file()
    {
        using TemporaryFolder folder = Folders();
        FolderDataset data = FolderDataset.Open(folder.Path, new ImageFiles(), "train");
        File.Delete(data.NameOf(0));
        File.WriteAllText(data.NameOf(1), "no picture");
        var picture = new ImageBuffer();
        Assert.That(() => data.Read(0, picture), Throws.TypeOf<ImageFormatException>().With.Message.EqualTo($"Cannot decode {data.NameOf(0)}: there is no such file"));
        Assert.That(() => data.Read(1, picture), Throws.TypeOf<ImageFormatException>().With.Message.StartsWith($"Cannot decode {data.NameOf(1)}: its content is of no known format"));
        Assert.That(() => new DataLoader(data, new Augmentation(new Shape(3, 4, 4)), LoaderOptions.Once(3, 1)).Batches().First(), Throws.TypeOf<ImageFormatException>().With.Property("File").EqualTo(data.NameOf(0)));
    }

    [Test]
    public void A_subset_keeps_names_labels_and_pictures()
    {
        using TemporaryFolder folder = Folders();
        FolderDataset all = FolderDataset.Open(folder.Path, new ImageFiles(), "train");
        Dataset some = all.Subset([2, 0]);
        Assert.That((some.Count, some.NameOf(0), some.Label(0)[0], some.Label(1)[0], some.Split), Is.EqualTo((2, all.NameOf(2), 1f, 0f, "train (2 of 3)")));
        Assert.That(all.Take(2).Count, Is.EqualTo(2));
        Assert.That(all.Take(99, seed: 4).Count, Is.EqualTo(3));
        string[] chosen = Names(all.Take(2, seed: 4));
        Assert.That(Names(all.Take(2, seed: 4)), Is.EqualTo(chosen));
        Assert.That(() => all.Subset([3]), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => all.Subset([]), Throws.TypeOf<ImageSourceException>());
    }

    [Test]
    public void In_grey_a_set_has_one_channel()
    {
        using TemporaryFolder folder = Folders();
        var image = new Image(6, 5);
        new Random(3).NextBytes(image.Pixels);
        PngWriter.Write(folder["train/cat/a.png"], image);
        FolderDataset colour = FolderDataset.Open(folder.Path, new ImageFiles(), "train");
        Dataset grey = colour.InGrey();
        Assert.That((grey.Channels, grey.Count, grey.Label(2)[0], grey.NameOf(0)), Is.EqualTo((1, 3, 1f, colour.NameOf(0))));
        Assert.That(grey.InGrey(), Is.SameAs(grey));
        LabelledBatch batch = new DataLoader(grey, new Augmentation(new Shape(1, 5, 6)), LoaderOptions.Once(1, 1)).Batches().First();
        Assert.That(batch.Images, Is.EqualTo(image.ToGrey().Select(level => (float)level)));
    }

    private static string[] Names(Dataset data) => [.. Enumerable.Range(0, data.Count).Select(data.NameOf)];

    private static void Fails(Func<Dataset> open, string message) => Assert.That(open, Throws.TypeOf<ImageSourceException>().With.Message.EqualTo(message));

    private static TemporaryFolder Folders()
    {
        var folder = new TemporaryFolder();
        Write(folder, "train/dog/c.png", 3);
        Write(folder, "train/cat/below/b.png", 2);
        Write(folder, "train/cat/a.png", 1);
        return folder;
    }

    private static void Write(TemporaryFolder folder, string path, byte level)
    {
        var image = new Image(6, 5);
        Array.Fill(image.Pixels, level);
        Directory.CreateDirectory(Path.GetDirectoryName(folder[path])!);
        PngWriter.Write(folder[path], image);
    }
}

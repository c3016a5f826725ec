using EvenNet.Framework;

namespace EvenNet.Tests;

public sealed class ImageSourceTests
{
    [Test]
    public void A_folder_gives_its_pictures_sorted_whatever_the_case()
    {
        using var folder = new TemporaryFolder();
        foreach (string name in new[] { "b.jpg", "B.JPEG", "a.png", "z.PPM", "10.pgm", "9.jpg", "notes.txt", ".hidden.jpg" }) File.WriteAllBytes(folder[name], []);
        Directory.CreateDirectory(folder["sub"]);
        File.WriteAllBytes(folder["sub/c.jpg"], []);
        Assert.That(Names(ImageSource.Folder(folder.Path)), Is.EqualTo(new[] { "10.pgm", "9.jpg", "B.JPEG", "a.png", "b.jpg", "z.PPM" }));
        Assert.That(Names(ImageSource.Folder(folder.Path, recursive: true)), Is.EqualTo(new[] { "10.pgm", "9.jpg", "B.JPEG", "a.png", "b.jpg", "c.jpg", "z.PPM" }));
    }

    [Test]
    public void A_folder_without_pictures_says_what_is_there()
    {
        using var folder = new TemporaryFolder();
        Assert.That(() => ImageSource.Folder(folder.Path), Fails($"No images in {folder.Path} (looked for *.jpg *.jpeg *.png *.ppm *.pgm)."));
        File.WriteAllBytes(folder["notes.txt"], []);
        Assert.That(() => ImageSource.Folder(folder.Path), Fails($"No images in {folder.Path} (looked for *.jpg *.jpeg *.png *.ppm *.pgm, 1 other file, notes.txt)."));
        File.WriteAllBytes(folder["movie.avi"], []);
        Directory.CreateDirectory(folder["sub"]);
        File.WriteAllBytes(folder["sub/a.jpg"], []);
        Assert.That(() => ImageSource.Folder(folder.Path),
            Fails($"No images in {folder.Path} (looked for *.jpg *.jpeg *.png *.ppm *.pgm, 2 other files, e.g. movie.avi). There are some below it: {folder["sub"]}."));
        Assert.That(() => ImageSource.Folder(folder["none"]), Fails($"There is no folder {folder["none"]}."));
        Assert.That(() => ImageSource.Folder(folder["notes.txt"]), Fails($"{folder["notes.txt"]} is a file, not a folder."));
    }

    [Test]
    public void A_list_names_files_beside_it_with_or_without_labels()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["list.txt"], "# pictures\n\na.png 0\r\nsub/my photo.jpg\t-1\nwith space.png\n/absolute/b.jpg 12\nphoto 2.jpg\n");
        Assert.That(ImageSource.ListFile(folder["list.txt"]).Paths,
            Is.EqualTo(new[] { folder["a.png"], folder["sub/my photo.jpg"], folder["with space.png"], Path.GetFullPath("/absolute/b.jpg"), folder["photo 2.jpg"] }));
        File.WriteAllText(folder["empty.txt"], "# nothing\n\n");
        Assert.That(() => ImageSource.ListFile(folder["empty.txt"]), Fails($"{folder["empty.txt"]} names no picture (one path a line is expected)."));
        Assert.That(() => ImageSource.ListFile(folder["none.txt"]), Fails($"There is no list file {folder["none.txt"]}."));
        Assert.That(() => ImageSource.ListFile(folder.Path), Fails($"{folder.Path} is a folder, not a list file."));
        File.WriteAllBytes(folder["a.png"], [0x89, 0x50, 0, 0]);
        Assert.That(() => ImageSource.ListFile(folder["a.png"]), Fails($"{folder["a.png"]} is not a list file: it holds binary data."));
    }

    [Test]
    public void Voc_is_found_from_the_devkit_and_from_the_year()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder["VOCdevkit/VOC2007/JPEGImages"]);
        Directory.CreateDirectory(folder["VOCdevkit/VOC2007/ImageSets/Main"]);
        File.WriteAllText(folder["VOCdevkit/VOC2007/ImageSets/Main/val.txt"], "000007\n000021\n");
        File.WriteAllText(folder["VOCdevkit/VOC2007/ImageSets/Main/car_val.txt"], "000007  1\n000021 -1\n");
        string year = folder["VOCdevkit/VOC2007"];
        string[] expected = [Path.Combine(year, "JPEGImages", "000007.jpg"), Path.Combine(year, "JPEGImages", "000021.jpg")];
        Assert.That(ImageSource.Voc(folder["VOCdevkit"], "val").Paths, Is.EqualTo(expected));
        Assert.That(ImageSource.Voc(year, "car_val").Paths, Is.EqualTo(expected));
        Assert.That(() => ImageSource.Voc(year, "vla"), Fails($"{year} has no split vla; it has val."));
        Assert.That(() => ImageSource.Voc(folder.Path, "val"),
            Fails($"No VOC data in {folder.Path}: expected {folder["VOC2007"]}/{{JPEGImages,Annotations,ImageSets/Main}}. Found {year}, did you mean {folder["VOCdevkit"]}?"));
    }

    [Test]
    public void Without_a_seed_the_first_are_chosen_and_too_few_come_round_again()
    {
        ImageSource source = ImageSource.Of("a", "b", "c");
        Assert.That(source.Sample(2).Paths, Is.EqualTo(new[] { "a", "b" }));
        Assert.That(source.Sample(2).Repeats, Is.False);
        Assert.That(source.Sample(7).Paths, Is.EqualTo(new[] { "a", "b", "c", "a", "b", "c", "a" }));
        Assert.That(source.Sample(7).Repeats, Is.True);
        Assert.That(() => source.Sample(0), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => ImageSource.Of(), Fails("No pictures were named."));
    }

    [Test]
    public void A_seed_fixes_the_choice_and_another_seed_changes_it()
    {
        string[] names = [.. Enumerable.Range(0, 100).Select(i => $"{i}")];
        ImageSource source = ImageSource.Of(names);
        string[] first = [.. source.Sample(20, seed: 1).Paths];
        Assert.That(source.Sample(20, seed: 1).Paths, Is.EqualTo(first));
        Assert.That(source.Sample(50, seed: 1).Paths.Take(20), Is.EqualTo(first), "a larger choice begins with the smaller");
        Assert.That(source.Sample(20, seed: 2).Paths, Is.Not.EqualTo(first));
        Assert.That(first, Is.Unique);
        Assert.That(first, Is.Not.EqualTo(names[..20]));
        Assert.That(source.Sample(100, seed: 3).Paths, Is.EquivalentTo(names));
    }

    [Test]
    public void The_real_voc_pictures_are_found()
    {
        ImageSource source = ImageSource.Voc(SharedData.Require("data", "voc-mini", "VOCdevkit"), "trainval");
        Assert.That(source.Paths, Has.Count.EqualTo(1000));
        Assert.That(source.Paths.Take(20).All(File.Exists));
    }

    private static NUnit.Framework.Constraints.EqualStringConstraint Fails(string message) => Throws.TypeOf<ImageSourceException>().With.Message.EqualTo(message);

    private static IEnumerable<string> Names(ImageSource source) => source.Paths.Select(path => Path.GetFileName(path));
}

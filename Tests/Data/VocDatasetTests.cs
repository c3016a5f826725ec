using EvenNet.Framework;
using EvenNet.Kernels;

namespace EvenNet.Tests;

public sealed class VocDatasetTests
{
    private static readonly string[] Ids = ["000005", "000007", "000012"];

    [Test]
    public void Lists_give_present_absent_and_ignored()
    {
        using TemporaryFolder folder = Make();
        VocDataset voc = Open(folder);
        Assert.That((voc.Count, voc.LabelCount, voc.IsMultiLabel, voc.Split, voc.Channels), Is.EqualTo((3, 20, true, "val", 3)));
        Assert.That(voc.Id(1), Is.EqualTo("000007"));
        Assert.That(voc.NameOf(1), Is.EqualTo(Path.Combine(Year(folder), "JPEGImages", "000007.jpg")));
        // Chair: present, absent, only difficult. Everything else is absent.
        for (int i = 0; i < 3; i++)
            for (int c = 0; c < 20; c++)
                Assert.That(voc.Label(i)[c], Is.EqualTo(c != 8 ? 0 : new[] { 1, 0, Dataset.Ignored }[i]), $"{i}, {VocDataset.ClassNames[c]}");
    }

    [Test]
    public void Without_lists_the_annotations_say_the_same()
    {
        using TemporaryFolder folder = Make();
        VocDataset lists = Open(folder);
        foreach (string list in Directory.GetFiles(Path.Combine(Year(folder), "ImageSets", "Main"), "*_*")) File.Delete(list);
        VocDataset annotations = Open(folder);
        for (int i = 0; i < 3; i++) Assert.That(annotations.Label(i).ToArray(), Is.EqualTo(lists.Label(i).ToArray()));
    }

    [Test]
    public void Boxes_count_from_one_in_the_file_and_from_zero_here()
    {
        using TemporaryFolder folder = Make();
        VocAnnotation annotation = Open(folder).Annotation(0);
        Assert.That((annotation.Width, annotation.Height), Is.EqualTo((50, 40)));
        Assert.That(annotation.Objects, Is.EqualTo(new[] { new VocObject(8, new PixelBox(0, 1, 49, 39), IsDifficult: false, IsTruncated: true), new VocObject(8, new PixelBox(4, 5, 9.5f, 7), IsDifficult: true, IsTruncated: false) }));
        Assert.That((annotation.Objects[0].Box.Width, annotation.Objects[0].Box.Height), Is.EqualTo((50, 39)));
    }

    [TestCase("<xmax>50</xmax>", "<xmax>51</xmax>", "object 1 (chair): xmax 51 is above 50; the picture is 50×40.")]
    [TestCase("<ymin>2</ymin>", "<ymin>0</ymin>", "object 1 (chair): ymin 0 is below 1; the picture is 50×40.")]
    [TestCase("<ymin>2</ymin>", "<ymin>41</ymin>", "object 1 (chair): ymin 41 > ymax 40; the picture is 50×40.")]
    [TestCase("<xmin>1</xmin>", "<xmin>one</xmin>", "object 1 (chair): xmin is «one», a number of pixels is expected.")]
    [TestCase("<name>chair</name>", "<name>chairr</name>", "object 1 (chairr): no such class; did you mean chair?")]
    [TestCase("<width>50</width>", "<width>0</width>", " says that its picture is 0×40 pixels.")]
    [TestCase("</annotation>", "", " is broken XML: ")]
    [TestCase("<annotation>", "<!DOCTYPE a [<!ENTITY b \"c\">]><annotation>", " is broken XML: ")]
    public void A_bad_annotation_names_the_file_and_both_numbers(string good, string bad, string message)
    {
        using TemporaryFolder folder = Make();
        string path = Path.Combine(Year(folder), "Annotations", "000005.xml"), text = File.ReadAllText(path);
        int at = text.IndexOf(good, StringComparison.Ordinal);
        File.WriteAllText(path, text.Remove(at, good.Length).Insert(at, bad));
        Assert.That(() => Open(folder), Throws.TypeOf<ImageSourceException>().With.Message.StartsWith(path).And.Message.Contains(message));
        VocDataset unread = VocDataset.Open(folder["VOCdevkit"], "val", new ImageFiles(), checkAnnotations: false);
        Assert.That(() => unread.Annotation(0), Throws.TypeOf<ImageSourceException>().With.Message.Contains(message));
        Assert.That(unread.Annotation(1).Objects, Is.Empty);
    }

    [Test]
    public void Lists_that_disagree_name_the_file_and_both_numbers()
    {
        using TemporaryFolder folder = Make();
        string list = Path.Combine(Year(folder), "ImageSets", "Main", "cow_val.txt");
        void Fails(string content, string message)
        {
            File.WriteAllText(list, content);
            Assert.That(() => Open(folder), Throws.TypeOf<ImageSourceException>().With.Message.StartsWith(list + message));
        }
        Fails("000005 -1\n000007 -1\n", " has 2 labels, but val.txt names 3 pictures.");
        Fails("000005 -1\n000007 -1\n000012 -1\n000012 -1\n", " has 4 labels, but val.txt names 3 pictures.");
        Fails("000005 -1\n000008 -1\n000012 -1\n", ", line 2: 000008 is not in val.txt.");
        Fails("000005 -1\n000007 2\n000012 -1\n", ", line 2: a picture and 1, -1 or 0 are expected, got «000007 2».");
        File.Delete(list);
        Assert.That(() => Open(folder), Throws.TypeOf<ImageSourceException>().With.Message.StartsWith($"There is no file {list}, but other classes have theirs."));
    }

    [Test]
    public void A_missing_picture_is_known_before_the_work_begins()
    {
        using TemporaryFolder folder = Make();
        string jpeg = Path.Combine(Year(folder), "JPEGImages", "000007.jpg");
        File.Delete(jpeg);
        Assert.That(() => Open(folder), Throws.TypeOf<ImageSourceException>().With.Message.Contains($"val.txt names 3 pictures, 1 are missing; the first is {jpeg}."));
        Assert.That(() => VocDataset.Open(folder["VOCdevkit"], "vla", new ImageFiles()), Throws.TypeOf<ImageSourceException>().With.Message.EqualTo($"{Year(folder)} has no split vla; it has val."));
    }

    [Test]
    public void A_missing_folder_comes_with_a_guess()
    {
        using TemporaryFolder folder = Make();
        Assert.That(() => VocDataset.Open(folder["VOCdevkti"], "val", new ImageFiles()),
            Throws.TypeOf<ImageSourceException>().With.Message.EndsWith($"Did you mean {folder["VOCdevkit"]}?"));
        Assert.That(() => VocDataset.Open(folder.Path, "val", new ImageFiles()), Throws.TypeOf<ImageSourceException>().With.Message.EndsWith($"did you mean {folder["VOCdevkit"]}?"));
    }

    [Test]
    public void Any_year_is_found_and_one_of_several_can_be_named()
    {
        using TemporaryFolder folder = Make();
        Directory.Move(Year(folder), folder["VOCdevkit/VOC2010"]);
        Assert.That(Open(folder).Name, Is.EqualTo(folder["VOCdevkit/VOC2010"]));
        foreach (string year in new[] { "VOC2012", "VOC2007" }) Copy(folder["VOCdevkit/VOC2010"], folder[$"VOCdevkit/{year}"]);
        Assert.That(Open(folder).Name, Is.EqualTo(folder["VOCdevkit/VOC2007"]));
        Assert.That(VocDataset.Open(folder["VOCdevkit"], "val", new ImageFiles(), year: 2012).Name, Is.EqualTo(folder["VOCdevkit/VOC2012"]));
        Assert.That(() => VocDataset.Open(folder["VOCdevkit"], "val", new ImageFiles(), year: 2008),
            Throws.TypeOf<ImageSourceException>().With.Message.EqualTo($"{folder["VOCdevkit"]} has no VOC2008; it has VOC2007, VOC2010, VOC2012."));
    }

    [Test]
    public void The_real_lists_and_annotations_agree([Values("trainval", "test")] string split)
    {
        VocDataset voc = VocDataset.Open(SharedData.Require("data", "voc-mini", "VOCdevkit"), split, new ImageFiles());
        Assert.That(voc.Count, Is.EqualTo(split == "test" ? 500 : 1000));
        int different = 0, present = 0, ignored = 0;
        for (int i = 0; i < voc.Count; i++)
            for (int c = 0; c < 20; c++)
            {
                if (voc.Label(i)[c] != voc.Annotation(i).Label(c)) different++;
                if (voc.Label(i)[c] == 1) present++;
                if (voc.Label(i)[c] == Dataset.Ignored) ignored++;
            }
        TestContext.Out.WriteLine($"{present} present, {ignored} ignored, {different} different");
        Assert.That(different, Is.Zero);
        Assert.That((present, ignored), Is.EqualTo(split == "test" ? (722, 47) : (1480, 120)), "lines with 1 and with 0 in the lists");
    }

    [Test]
    public void A_real_picture_has_the_size_that_its_annotation_says()
    {
        using JpegDecoder decoder = JpegTests.Require();
        VocDataset voc = VocDataset.Open(SharedData.Require("data", "voc-mini", "VOCdevkit"), "val", new ImageFiles(decoder));
        var picture = new ImageBuffer();
        for (int i = 0; i < 50; i++)
        {
            voc.Read(i, picture);
            Assert.That((picture.Width, picture.Height), Is.EqualTo((voc.Annotation(i).Width, voc.Annotation(i).Height)), voc.NameOf(i));
        }
    }

    private static VocDataset Open(TemporaryFolder folder) => VocDataset.Open(folder["VOCdevkit"], "val", new ImageFiles());

    private static string Year(TemporaryFolder folder) => folder["VOCdevkit/VOC2007"];

    // Three pictures: a chair and a difficult one; nothing; a difficult chair alone.
    private static TemporaryFolder Make()
    {
        var folder = new TemporaryFolder();
        string year = Year(folder), sets = Path.Combine(year, "ImageSets", "Main");
        foreach (string name in new[] { "JPEGImages", "Annotations", "ImageSets/Main" }) Directory.CreateDirectory(Path.Combine(year, name));
        const string chair = "<object><name>chair</name><truncated>1</truncated><difficult>0</difficult><bndbox><xmin>1</xmin><ymin>2</ymin><xmax>50</xmax><ymax>40</ymax></bndbox></object>";
        const string difficult = "<object><name>chair</name><difficult>1</difficult><bndbox><xmin>5</xmin><ymin>6</ymin><xmax>10.5</xmax><ymax>8</ymax></bndbox><part><name>leg</name><bndbox/></part></object>";
        string[] objects = [chair + difficult, "", difficult];
        for (int i = 0; i < 3; i++)
        {
            File.WriteAllBytes(Path.Combine(year, "JPEGImages", Ids[i] + ".jpg"), JpegSamples.Baseline);
            File.WriteAllText(Path.Combine(year, "Annotations", Ids[i] + ".xml"), $"<annotation><size><width>50</width><height>40</height><depth>3</depth></size>{objects[i]}</annotation>");
        }
        File.WriteAllLines(Path.Combine(sets, "val.txt"), Ids);
        foreach (string name in VocDataset.ClassNames)
            File.WriteAllLines(Path.Combine(sets, $"{name}_val.txt"), Ids.Select((id, i) => $"{id} {(name == "chair" ? new[] { " 1", "-1", " 0" }[i] : "-1")}"));
        return folder;
    }

    private static void Copy(string from, string to)
    {
        foreach (string file in Directory.GetFiles(from, "*", SearchOption.AllDirectories))
        {
            string target = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
    }
}

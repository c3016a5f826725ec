using EvenNet.Detection;
using EvenNet.Framework;

namespace EvenNet.Tests.Detection;

public sealed class ProposalFileTests
{
    private TemporaryFolder folder = null!;

    [SetUp]
    public void MakeFolder() => folder = new TemporaryFolder();

    [TearDown]
    public void DeleteFolder() => folder.Dispose();

    private static PictureBoxes[] Some =>
    [
        new("000005", [new PixelBox(0, 1, 20, 30), new PixelBox(7.5f, 2, 300, 200)]),
        new("none", []),
        new("a name", [new PixelBox(3, 3, 3, 3)]),
        new("no box here", []),
    ];

    [Test]
    public void What_is_written_is_read([Values("b.txt", "b.npz")] string name)
    {
        ProposalFile.Write(folder[name], Some);
        ProposalFile read = ProposalFile.Read(folder[name]);
        Assert.That(read.Names, Is.EqualTo(Some.Select(p => p.Name)));
        foreach (PictureBoxes picture in Some) Assert.That(read.Of($"some/where/{picture.Name}.jpg"), Is.EqualTo(picture.Boxes), picture.Name);
        Assert.That(folder.Names, Is.EqualTo(new[] { name }), "nothing temporary is left");
    }

    [Test]
    public void The_published_form_has_top_left_bottom_right_counted_from_1([Values] bool isCompressed, [Values] bool isBig, [Values(2, 4, 7, 9)] int storage)
    {
        // Boxes (left 10, top 20, right 30, bottom 40) and (1, 2, 3, 4), counted from 1, a column after the other.
        var writer = new MatWriter(isBig);
        byte[] boxes = writer.Cells("boxes", [1, 2], writer.Numbers("", [2, 4], [20, 2, 10, 1, 40, 4, 30, 3], storage: storage), writer.Numbers("", [0, 0], []));
        byte[] images = writer.Cells("images", [2, 1], writer.Text("", "000012"), writer.Text("", "000017"));
        File.WriteAllBytes(folder["voc.mat"], writer.Add(images, isCompressed).Add(boxes, isCompressed).Bytes);
        ProposalFile read = ProposalFile.Read(folder["voc.mat"]);
        Assert.That(read.Of("JPEGImages/000012.jpg"), Is.EqualTo(new[] { new PixelBox(9, 19, 29, 39), new PixelBox(0, 1, 2, 3) }));
        Assert.That(read.Of("000017"), Is.Empty, "a picture without boxes is no error");
        Assert.That(read.Count, Is.EqualTo(2));
    }

    [Test]
    public void A_picture_that_the_file_does_not_know_is_an_error()
    {
        ProposalFile.Write(folder["b.txt"], Some);
        Assert.That(() => ProposalFile.Read(folder["b.txt"]).Of("000006.jpg"), Throws.TypeOf<ProposalsException>().With.Message.Contains("has no boxes for 000006; it knows 4 pictures, from 000005 to no box here"));
    }

    [Test]
    public void Text_is_read_with_spaces_comments_and_blank_lines()
    {
        File.WriteAllText(folder["b.txt"], "# x\n\n1 0 0 10 10\n1 1.5 2 3 4e0\r\n2\n3\t0\t0\t1\t1\n");
        ProposalFile read = ProposalFile.Read(folder["b.txt"]);
        Assert.That(read.Names, Is.EqualTo(new[] { "1", "2", "3" }));
        Assert.That(read.Of("1"), Is.EqualTo(new[] { new PixelBox(0, 0, 10, 10), new PixelBox(1.5f, 2, 3, 4) }));
        Assert.That(read.Of("2"), Is.Empty);
    }

    [TestCase("1 0 0 10", "line 1 (byte 0): a picture's name and four numbers are expected")]
    [TestCase("1 0 0 10 10\n1 0 0 10 x", "line 2 (byte 12): «x» is no number")]
    [TestCase("1 5 0 3 10", "line 1 (byte 0): ", "ends before it begins")]
    [TestCase("1 NaN 0 3 10", "numbers of pixels up to 1048576 are expected")]
    [TestCase("1 0 0 3e9 10", "numbers of pixels up to 1048576 are expected")]
    [TestCase("1 0 0 1 1\n2\n1 0 0 1 1", "two pictures are named 1")]
    public void A_broken_text_is_told_with_its_line_and_byte(string text, params string[] messages)
    {
        File.WriteAllText(folder["b.txt"], text);
        ProposalsException error = Assert.Throws<ProposalsException>(() => ProposalFile.Read(folder["b.txt"]))!;
        foreach (string message in messages.Prepend("b.txt: ")) Assert.That(error.Message, Does.Contain(message));
    }

    [Test]
    public void Other_contents_than_boxes_are_named()
    {
        EvenNet.Interop.Npz.Write(folder["b.npz"], [SafetensorsSource.Of("x", [2, 5], new float[10])]);
        Assert.That(() => ProposalFile.Read(folder["b.npz"]), Throws.TypeOf<ProposalsException>().With.Message.Contains("the boxes of x have the sizes (2, 5); (n, 4) are expected"));
        File.WriteAllBytes(folder["n.npz"], NpzTests.Archive("{'descr': '<i8', 'fortran_order': False, 'shape': (1, 4), }", new byte[32], version: 1, isCompressed: false));
        Assert.That(() => ProposalFile.Read(folder["n.npz"]), Throws.TypeOf<ProposalsException>().With.Message.Contains("are <i8; f2, f4 and f8 are read"));
        var writer = new MatWriter();
        File.WriteAllBytes(folder["b.mat"], writer.Add(writer.Numbers("x", [1, 1], [1])).Bytes);
        Assert.That(() => ProposalFile.Read(folder["b.mat"]), Throws.TypeOf<ProposalsException>().With.Message.Contains("has no variable boxes; it has x"));
        writer.Add(writer.Cells("boxes", [1, 1], writer.Numbers("", [1, 3], [1, 2, 3]))).Add(writer.Cells("images", [1, 1], writer.Text("", "a")));
        File.WriteAllBytes(folder["b.mat"], writer.Bytes);
        Assert.That(() => ProposalFile.Read(folder["b.mat"]), Throws.TypeOf<ProposalsException>().With.Message.Contains("the boxes of a are 1×3 numbers; n×4 numbers are expected"));
        Assert.That(() => ProposalFile.Read(folder["b.csv"]), Throws.TypeOf<ProposalsException>().With.Message.Contains("from .mat, .npz and .txt, not from «.csv»"));
    }

    [Test]
    public void Two_pictures_of_one_name_are_not_written_over_each_other([Values("b.txt", "b.npz")] string name)
    {
        File.WriteAllText(folder[name], "before");
        Assert.That(() => ProposalFile.Write(folder[name], [new("1", []), new("1", [])]), Throws.TypeOf<ProposalsException>().With.Message.Contains("two pictures are named 1"));
        Assert.That(File.ReadAllText(folder[name]), Is.EqualTo("before"));
    }
}

using EvenNet.Detection;
using EvenNet.Framework;

namespace EvenNet.Tests.Detection;

public sealed class SearchedProposalsTests
{
    [Test]
    public void A_picture_is_searched_once_whatever_it_is_called_and_again_with_other_settings()
    {
        using var folder = new TemporaryFolder();
        PngWriter.Write(folder["a.png"], Cli.PictureFolder.Picture(new Random(1), 80, 60));
        File.Copy(folder["a.png"], folder["b.png"]);
        SearchedProposals Proposals(int least = 8, int most = int.MaxValue) => new(new ImageFiles(), new() { LeastSide = least }, folder["kept"], most);

        SearchedProposals first = Proposals();
        IReadOnlyList<PixelBox> boxes = first.Of(folder["a.png"]);
        Assert.That(boxes, Is.EqualTo(new SelectiveSearch().Run(new ImageFiles().Open(folder["a.png"]))).And.Not.Empty);
        Assert.That((first.Searched, first.Found), Is.EqualTo((1, 0)));

        SearchedProposals again = Proposals(most: 3);
        Assert.That(again.Of(folder["b.png"]), Is.EqualTo(boxes.Take(3)));
        Assert.That((again.Searched, again.Found), Is.EqualTo((0, 1)));

        SearchedProposals other = Proposals(least: 20);
        Assert.That(other.Of(folder["a.png"]), Has.Count.LessThan(boxes.Count));
        Assert.That((other.Searched, other.Found), Is.EqualTo((1, 0)));
        Assert.That(Directory.GetFiles(folder["kept"], "*", SearchOption.AllDirectories), Has.Length.EqualTo(2).And.All.EndsWith(".boxes"));
    }

    [TestCase(0)]
    [TestCase(5)]
    [TestCase(40)]
    [TestCase(-1)]
    public void A_kept_file_that_is_broken_is_made_again(int damage)
    {
        using var folder = new TemporaryFolder();
        PngWriter.Write(folder["a.png"], Cli.PictureFolder.Picture(new Random(1), 80, 60));
        IReadOnlyList<PixelBox> boxes = new SearchedProposals(new ImageFiles(), new(), folder["kept"]).Of(folder["a.png"]);
        string kept = Directory.GetFiles(folder["kept"], "*", SearchOption.AllDirectories).Single();
        byte[] whole = File.ReadAllBytes(kept), broken = [.. whole];
        if (damage < 0) broken = broken[..^7];
        else broken[damage] ^= 1;
        File.WriteAllBytes(kept, broken);

        var again = new SearchedProposals(new ImageFiles(), new(), folder["kept"]);
        Assert.That(again.Of(folder["a.png"]), Is.EqualTo(boxes));
        Assert.That(again.Searched, Is.EqualTo(1));
        Assert.That(File.ReadAllBytes(kept), Is.EqualTo(whole));
    }
}

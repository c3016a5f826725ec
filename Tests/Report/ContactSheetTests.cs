using EvenNet.Framework;
using EvenNet.Report;

namespace EvenNet.Tests;

public sealed class ContactSheetTests
{
    private static NeighbourReport Some(int rows, int side = 10, int near = 2)
    {
        var pictures = new List<NeighbourPicture>();
        for (int i = 0; i < rows + 2; i++)
        {
            var image = new Image(side, side);
            image.Pixels.AsSpan().Fill((byte)(i + 1));
            pictures.Add(new NeighbourPicture($"<{i}>.png", image));
        }
        return new NeighbourReport("t & t", "evennet neighbors", "d", [new("one", "a"), new("two", "b")], pictures,
            [.. Enumerable.Range(0, rows).Select(q => new NeighbourQuery(q, [.. Enumerable.Range(0, 2).Select(n => (IReadOnlyList<Neighbour>)[.. Enumerable.Range(0, near).Select(i => new Neighbour(rows + i, 0.25 * i))])]))]);
    }

    [Test]
    public void Every_row_has_the_query_and_each_nets_answers()
    {
        Image sheet = ContactSheet.Draw(Some(rows: 1));
        byte[] middle = [.. Enumerable.Range(0, sheet.Width).Select(x => sheet.Row(sheet.Height - 15)[3 * x])];
        int[] counts = [.. Enumerable.Range(1, 3).Select(level => middle.Count(v => v == level))];
        Assert.That(counts, Is.EqualTo(new[] { 10, 20, 20 }), "the query once, each neighbour once a net");
    }

    [Test]
    public void Many_rows_stand_in_several_columns_and_none_is_lost()
    {
        Image sheet = ContactSheet.Draw(Some(rows: 90));
        Assert.That((double)sheet.Height / sheet.Width, Is.LessThan(1.5));
        HashSet<byte> levels = [.. sheet.Pixels];
        Assert.That(Enumerable.Range(1, 92).Select(i => (byte)i).Except(levels), Is.Empty);
    }

    [Test]
    public void The_page_has_each_picture_once_and_escapes_names()
    {
        string page = NeighbourPage.Render(Some(rows: 3), new PngEncoder());
        Assert.That(page.Split("data:image/png;base64,").Length - 1, Is.EqualTo(5));
        Assert.That(page, Does.Contain("&lt;0&gt;.png").And.Not.Contain("<0>").And.Contain("t &amp; t").And.Contain("at 0.25"));
    }

    [Test]
    public void A_thumbnail_is_the_mean_of_the_middle([Values(4, 7, 40)] int side)
    {
        var image = new Image(60, 20);
        for (int y = 0; y < 20; y++)
            for (int x = 20; x < 40; x++) image.Row(y).Slice(3 * x, 3).Fill((byte)((x + y) % 2 == 0 ? 100 : 140));
        Image small = Thumbnail.Square(image, side);
        Assert.That((small.Width, small.Height), Is.EqualTo((side, side)));
        Assert.That(small.Pixels.Average(p => (double)p), Is.EqualTo(120).Within(side == 7 ? 3 : 1));
    }
}

using EvenNet.Detection;
using EvenNet.Framework;

namespace EvenNet.Tests.Detection;

/// <summary>Batches of pictures of two sizes, upright and mirrored.</summary>
public sealed class DetectionLoaderTests
{
    private TemporaryFolder folder = null!;
    private VocDataset voc = null!;

    // Two pictures, 60×40 and 40×60, each grey but for one white object.
    private static readonly (int Width, int Height, PixelBox Object)[] Pictures = [(60, 40, new(5, 10, 24, 29)), (40, 60, new(0, 20, 19, 59))];

    private sealed class Near : IProposals
    {
        public string Name => "near";

        public IReadOnlyList<PixelBox> Of(string path)
        {
            PixelBox o = Pictures[int.Parse(Path.GetFileNameWithoutExtension(path), System.Globalization.CultureInfo.InvariantCulture) - 1].Object;
            return [.. Enumerable.Range(0, 12).Select(i => o with { Right = o.Right + i * 3 })];
        }
    }

    [SetUp]
    public void MakeFolder()
    {
        folder = new TemporaryFolder();
        foreach (string part in (string[])["JPEGImages", "Annotations", "ImageSets/Main"]) Directory.CreateDirectory(folder[$"VOC2007/{part}"]);
        for (int i = 0; i < Pictures.Length; i++)
        {
            (int width, int height, PixelBox o) = Pictures[i];
            var image = new Image(width, height);
            image.Pixels.AsSpan().Fill(50);
            for (int y = (int)o.Top; y <= o.Bottom; y++) image.Row(y)[(int)(3 * o.Left)..(int)(3 * o.Right + 3)].Fill(255);
            PngWriter.Write(folder[$"VOC2007/JPEGImages/00000{i + 1}.jpg"], image);
            File.WriteAllText(folder[$"VOC2007/Annotations/00000{i + 1}.xml"], $"<annotation><size><width>{width}</width><height>{height}</height></size><object><name>cat</name>"
                + $"<bndbox><xmin>{o.Left + 1}</xmin><ymin>{o.Top + 1}</ymin><xmax>{o.Right + 1}</xmax><ymax>{o.Bottom + 1}</ymax></bndbox></object></annotation>");
        }
        File.WriteAllLines(folder["VOC2007/ImageSets/Main/trainval.txt"], ["000001", "000002"]);
        voc = VocDataset.Open(folder["VOC2007"], "trainval", new ImageFiles());
    }

    [TearDown]
    public void RemoveFolder() => folder.Dispose();

    private DetectionLoader Loader(FastRcnnOptions options) => new(new DetectionSet(voc, new Near()), Net, options);

    private static DetectorNet Net => DetectorNet.Of(Node.Input("data", 3, 32, 32).Convolution("conv", 2, 3).MaxPool("pool", 2, stride: 2).InnerProduct("scores", 20), 20);

    [Test]
    public void Pictures_of_different_sizes_lie_in_one_canvas_padded_with_zeros_with_their_regions_on_them()
    {
        var options = new FastRcnnOptions { Regions = 16, Sides = [40], Longest = 100, Mean = new BgrMean(10, 20, 30), Seed = 3 };
        DetectionLoader loader = Loader(options);
        Assert.That(loader.Places, Is.EqualTo(4));
        var seen = new HashSet<(int Width, bool Mirrored)>();
        for (int step = 0; step < 4; step++)
        {
            DetectionBatch batch = loader.At(new DataPosition(0, 0).After(2 * step, loader.Places));
            Assert.That(batch.Canvas, Is.EqualTo(new Shape(3, 64, 64)));
            for (int n = 0; n < 2; n++)
            {
                float[] picture = batch.Pictures[(n * batch.Canvas.Count)..((n + 1) * batch.Canvas.Count)];
                float At(int c, int y, int x) => picture[(c * 64 + y) * 64 + x];
                (int width, int height, PixelBox o) = Pictures[At(0, 0, 50) == 0 ? 1 : 0];
                bool mirrored = At(1, (int)o.Top, (int)o.Left) != 235 || At(1, (int)o.Top, (int)o.Right) != 235;
                seen.Add((width, mirrored));
                PixelBox shown = mirrored ? new PixelBox(width - 1 - o.Right, o.Top, width - 1 - o.Left, o.Bottom) : o;
                for (int c = 0; c < 3; c++)
                    for (int y = 0; y < 64; y++)
                        for (int x = 0; x < 64; x++)
                        {
                            bool inside = x >= shown.Left && x <= shown.Right && y >= shown.Top && y <= shown.Bottom;
                            Assert.That(At(c, y, x), Is.EqualTo(x >= width || y >= height ? 0 : (inside ? 255 : 50) - 10 * (c + 1)), $"{c}, {y}, {x}");
                        }
                CheckRegions(loader, batch, n, options.Regions, shown);
            }
        }
        Assert.That(seen, Has.Count.EqualTo(4), "both pictures, both ways");
    }

    // Labels follow the overlap, and every target brings its region to the object.
    private static void CheckRegions(DetectionLoader loader, DetectionBatch batch, int picture, int regions, PixelBox shown)
    {
        int objects = 0;
        for (int r = picture * regions; r < (picture + 1) * regions; r++)
        {
            float[] region = batch.Regions[(5 * r)..(5 * r + 5)];
            int own = 4 * (r * 21 + 8);
            if (region[0] < 0)
            {
                Assert.That((batch.Labels[r], batch.Outside[own]), Is.EqualTo((DetectorGraph.NoRegion, 0f)));
                continue;
            }
            Assert.That(region[0], Is.EqualTo(picture));
            var box = new PixelBox(region[1], region[2], region[3], region[4]);
            double overlap = box.IoU(shown);
            Assert.That(batch.Labels[r], Is.EqualTo(overlap >= 0.5 ? 8 : 0), "cat is the eighth class");
            Assert.That(overlap, Is.GreaterThanOrEqualTo(0.1));
            Assert.That(batch.Inside[own..(own + 4)], Is.All.EqualTo(overlap >= 0.5 ? 1 : 0));
            if (overlap < 0.5) continue;
            objects++;
            Assert.That(batch.Outside[own], Is.EqualTo(2f * regions / batch.There).Within(1e-6));
            PixelBox back = loader.Scaling.Unscale(8, batch.Targets.AsSpan(own, 4)).Of(box);
            Assert.That((back.Left, back.Top, back.Right, back.Bottom), Is.EqualTo((shown.Left, shown.Top, shown.Right, shown.Bottom)).Using<(float, float, float, float)>((a, b) =>
                Math.Abs(a.Item1 - b.Item1) + Math.Abs(a.Item2 - b.Item2) + Math.Abs(a.Item3 - b.Item3) + Math.Abs(a.Item4 - b.Item4) < 1e-3));
        }
        Assert.That(objects, Is.InRange(1, 4), "a quarter at most");
    }

    [Test]
    public void What_is_at_a_place_depends_on_seed_and_place_alone()
    {
        var options = new FastRcnnOptions { Regions = 4, Sides = [40, 50, 60], Longest = 100 };
        DetectionLoader one = Loader(options), two = Loader(options);
        var place = new DataPosition(3, 1);
        _ = two.At(new DataPosition(0, 0));
        Assert.That(two.At(place).Pictures, Is.EqualTo(one.At(place).Pictures));
        Assert.That(two.At(place).Regions, Is.EqualTo(one.At(place).Regions));
        Assert.That(one.At(place).Next, Is.EqualTo(new DataPosition(3, 3)));
        Assert.That(Loader(options with { Seed = 9 }).At(place).Regions, Is.Not.EqualTo(one.At(place).Regions));
        Assert.That(Loader(options with { Mirror = false }).Places, Is.EqualTo(2));
    }
}

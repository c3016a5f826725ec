using EvenNet.Detection;

namespace EvenNet.Tests.Detection;

public sealed class GroupingTests
{
    // Four columns of 10×40: black, nearly black, white, nearly white. Similar ones join first, then the halves.
    [Test]
    public void The_most_similar_neighbours_join_first()
    {
        const int width = 40, height = 10;
        float[] levels = [0, 12, 255, 243];
        float[] planes = new float[3 * width * height];
        int[] regions = new int[width * height];
        for (int i = 0; i < regions.Length; i++)
        {
            regions[i] = i % width / 10;
            for (int c = 0; c < 3; c++) planes[c * regions.Length + i] = levels[regions[i]];
        }
        // A colour's levels are 25 of 0 … 255: 12 lies in the second, so make the pairs alike.
        for (int i = 0; i < planes.Length; i++) planes[i] = planes[i] < 128 ? planes[i] / 4 : 255 - (255 - planes[i]) / 4;
        RegionSet set = RegionSet.Of(regions, 4, planes, new byte[regions.Length * Texture.Channels * Texture.Directions], width, height);
        Assert.That(set.Neighbours, Is.EqualTo(new[] { (0, 1), (1, 2), (2, 3) }));

        RegionBox[] boxes = Grouping.Run(set, usesColour: true);
        Assert.That(boxes, Is.EqualTo(new RegionBox[]
        {
            new(0, 0, 9, 9), new(10, 0, 19, 9), new(20, 0, 29, 9), new(30, 0, 39, 9),
            new(0, 0, 19, 9), new(20, 0, 39, 9), new(0, 0, 39, 9),
        }));
        Assert.That(set.Sizes[4..], Is.EqualTo(new[] { 200, 200, 400 }));
    }

    [Test]
    public void Histograms_sum_to_one_before_and_after_joining()
    {
        EvenNet.Framework.Image image = Cli.PictureFolder.Picture(new Random(4), 60, 50);
        float[] planes = Colours.Of(image, ColourSpace.Lab);
        (int[] regions, int count) = GraphSegmentation.Run(planes, 60, 50, 50, 20);
        RegionSet set = RegionSet.Of(regions, count, planes, Texture.Of(planes, 60, 50), 60, 50);
        Grouping.Run(set, usesColour: false);
        Assert.That(count, Is.GreaterThan(2));
        for (int r = 0; r < 2 * count - 1; r++)
        {
            Span<float> own = set.Histograms.AsSpan(r * RegionSet.Stride, RegionSet.Stride);
            float colour = 0, texture = 0;
            for (int i = 0; i < own.Length; i++)
                if (i < RegionSet.TextureStart) colour += own[i];
                else texture += own[i];
            Assert.That(colour, Is.EqualTo(1).Within(1e-4));
            Assert.That(texture, Is.EqualTo(1).Within(1e-4));
        }
        Assert.That(set.Sizes[^1], Is.EqualTo(3000));
    }
}

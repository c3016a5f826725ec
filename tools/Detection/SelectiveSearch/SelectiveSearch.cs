using EvenNet.Framework;

namespace EvenNet.Detection;

/// <summary>
/// Selective search (Uijlings, van de Sande, Gevers, Smeulders, Selective search for object recognition, IJCV 2013): the boxes of all regions of several
/// hierarchical groupings, ranked by where in its hierarchy each was made, with a random factor. The same boxes whatever the number of threads.
/// </summary>
public sealed class SelectiveSearch
{
    private readonly SelectiveSearchSettings settings;

    /// <summary>A search with these settings.</summary>
    /// <exception cref="ArgumentException">A setting is out of its range.</exception>
    public SelectiveSearch(SelectiveSearchSettings? settings = null)
    {
        this.settings = settings ?? new SelectiveSearchSettings();
        this.settings.Check();
    }

    /// <summary>The boxes of a picture, the highest ranked first, each once. A picture smaller than the least side has none.</summary>
    /// <param name="image">The picture; of any size from one pixel on.</param>
    /// <param name="threads">At most so many at a time.</param>
    public IReadOnlyList<PixelBox> Run(Image image, int threads = 1)
    {
        if (image.Width < settings.LeastSide || image.Height < settings.LeastSide) return [];
        Image searched = Resized(image);
        int spaces = settings.ColourSpaces.Count, scales = settings.Scales.Count;
        var pictures = new Prepared[spaces];
        For(spaces, threads, i => pictures[i] = Prepared.Of(searched, settings.ColourSpaces[i], settings.Sigma));
        bool[] groupings = [.. settings.UsesColour ? [true] : Array.Empty<bool>(), .. settings.UsesTextureAlone ? [false] : Array.Empty<bool>()];
        var hierarchies = new RegionBox[spaces * scales][][];
        For(hierarchies.Length, threads, i => hierarchies[i] = Group(pictures[i / scales], settings.Scales[i % scales], groupings));
        return Rank([.. hierarchies.SelectMany(h => h)], searched, image);
    }

    private static void For(int count, int threads, Action<int> body)
    {
        if (threads > 1) Parallel.For(0, count, new ParallelOptions { MaxDegreeOfParallelism = threads }, body);
        else for (int i = 0; i < count; i++) body(i);
    }

    // Very flat pictures keep at least a row.
    private Image Resized(Image image)
    {
        int longest = Math.Max(image.Width, image.Height);
        if (settings.LongestSide == 0 || longest <= settings.LongestSide) return image;
        double scale = (double)settings.LongestSide / longest;
        var resized = new Image(Math.Max(1, (int)Math.Round(image.Width * scale)), Math.Max(1, (int)Math.Round(image.Height * scale)));
        Resize.Bilinear(image.Pixels, image.Width, image.Height, 3, resized.Pixels, resized.Width, resized.Height);
        return resized;
    }

    private static RegionBox[][] Group(Prepared picture, float scale, bool[] groupings)
    {
        (int[] regions, int count) = GraphSegmentation.Run(picture.Smooth, picture.Width, picture.Height, scale, leastSize: (int)scale);
        RegionSet set = RegionSet.Of(regions, count, picture.Colours, picture.Texture, picture.Width, picture.Height);
        return [.. groupings.Select((usesColour, i) => Grouping.Run(i + 1 < groupings.Length ? set.Copy() : set, usesColour))];
    }

    // Region i of a hierarchy counted from its root has rank i · random; of equal boxes the first counts (§3.3, §4).
    private List<PixelBox> Rank(RegionBox[][] hierarchies, Image searched, Image image)
    {
        var random = new Philox(settings.Seed, RandomPurpose.Order);
        var ranked = new List<(double Rank, int Order, RegionBox Box)>();
        foreach (RegionBox[] boxes in hierarchies)
            for (int i = boxes.Length - 1; i >= 0; i--) ranked.Add(((boxes.Length - i) * random.NextUniform(), ranked.Count, boxes[i]));
        ranked.Sort((a, b) => a.Rank != b.Rank ? a.Rank.CompareTo(b.Rank) : a.Order.CompareTo(b.Order));

        double x = (double)image.Width / searched.Width, y = (double)image.Height / searched.Height;
        var result = new List<PixelBox>();
        var seen = new HashSet<RegionBox>();
        foreach ((_, _, RegionBox box) in ranked)
        {
            RegionBox own = new(First(box.Left, x, image.Width), First(box.Top, y, image.Height), Last(box.Right, x, image.Width), Last(box.Bottom, y, image.Height));
            if (own.Right - own.Left + 1 < settings.LeastSide || own.Bottom - own.Top + 1 < settings.LeastSide) continue;
            if (seen.Add(own)) result.Add(own.ToPixels());
        }
        return result;
    }

    // Edges of pixels, and not their centres, are scaled: a box of all columns stays one.
    private static int First(int edge, double scale, int size) => Math.Clamp((int)Math.Round(edge * scale), 0, size - 1);

    private static int Last(int edge, double scale, int size) => Math.Clamp((int)Math.Round((edge + 1) * scale) - 1, 0, size - 1);

    /// <summary>What all segmentations in one colour space share.</summary>
    private sealed record Prepared(int Width, int Height, float[] Colours, float[] Smooth, byte[] Texture)
    {
        public static Prepared Of(Image image, ColourSpace space, double sigma)
        {
            int plane = image.Width * image.Height;
            float[] colours = Detection.Colours.Of(image, space), smooth = new float[colours.Length];
            for (int c = 0; c < 3; c++) Gaussian.Smooth(colours.AsSpan(c * plane, plane), image.Width, image.Height, sigma, smooth.AsSpan(c * plane, plane));
            return new Prepared(image.Width, image.Height, colours, smooth, Detection.Texture.Of(colours, image.Width, image.Height));
        }
    }
}

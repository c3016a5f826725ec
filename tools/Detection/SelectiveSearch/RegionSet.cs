using EvenNet.Framework;

namespace EvenNet.Detection;

/// <summary>
/// Regions of a picture with all that their similarity is made of: size, box, histograms of colour and texture, neighbours. Has room for the regions that
/// joining them makes; region i + count joins two earlier ones.
/// </summary>
internal sealed class RegionSet
{
    public const int ColourLevels = 25, ColourSize = 3 * ColourLevels;

    // Both histograms of a region lie together, filled up to whole vectors.
    public const int TextureStart = 80, Stride = TextureStart + Texture.HistogramSize;

    public required int Count { get; init; }

    /// <summary>Pixels of the picture.</summary>
    public required int Pixels { get; init; }

    public required int[] Sizes { get; init; }

    public required RegionBox[] Boxes { get; init; }

    /// <summary>(2 count − 1) × stride; colour and texture each sum to 1.</summary>
    public required float[] Histograms { get; init; }

    /// <summary>Pairs of regions that touch, the lower number first, sorted.</summary>
    public required (int A, int B)[] Neighbours { get; init; }

    public static RegionSet Of(int[] regions, int count, ReadOnlySpan<float> planes, byte[] texture, int width, int height)
    {
        int all = 2 * count - 1, plane = width * height;
        int[] sizes = new int[all];
        var boxes = new RegionBox[all];
        Array.Fill(boxes, new RegionBox(int.MaxValue, int.MaxValue, -1, -1));
        int[] counts = new int[count * Stride];
        ReadOnlySpan<float> first = planes[..plane], second = planes.Slice(plane, plane), third = planes.Slice(2 * plane, plane);
        const int textureValues = Texture.Channels * Texture.Directions;
        for (int y = 0, i = 0; y < height; y++)
            for (int x = 0; x < width; x++, i++)
            {
                int region = regions[i];
                sizes[region]++;
                boxes[region] = boxes[region].With(x, y);
                Span<int> own = counts.AsSpan(region * Stride, Stride);
                own[Level(first[i])]++;
                own[ColourLevels + Level(second[i])]++;
                own[2 * ColourLevels + Level(third[i])]++;
                ReadOnlySpan<byte> levels = texture.AsSpan(i * textureValues, textureValues);
                for (int d = 0, at = TextureStart; d < textureValues; d++, at += Texture.Levels) own[at + levels[d]]++;
            }

        float[] histograms = new float[all * Stride];
        for (int r = 0; r < count; r++)
        {
            float colour = 1f / (3 * sizes[r]), edges = 1f / (textureValues * sizes[r]);
            for (int i = 0; i < Stride; i++) histograms[r * Stride + i] = counts[r * Stride + i] * (i < TextureStart ? colour : edges);
        }
        return new RegionSet { Count = count, Pixels = plane, Sizes = sizes, Boxes = boxes, Histograms = histograms, Neighbours = Touching(regions, width, height) };
    }

    /// <summary>The same regions with memory of their own for what joining them makes.</summary>
    public RegionSet Copy() => new() { Count = Count, Pixels = Pixels, Sizes = [.. Sizes], Boxes = [.. Boxes], Histograms = [.. Histograms], Neighbours = Neighbours };

    private static int Level(float value) => Math.Clamp((int)(value * (ColourLevels / 256f)), 0, ColourLevels - 1);

    // Regions are neighbours where they have pixels beside, below or diagonally below each other.
    private static (int, int)[] Touching(int[] regions, int width, int height)
    {
        var pairs = new HashSet<(int, int)>();
        for (int y = 0, i = 0; y < height; y++)
            for (int x = 0; x < width; x++, i++)
            {
                if (x + 1 < width) Add(regions[i], regions[i + 1]);
                if (y + 1 == height) continue;
                Add(regions[i], regions[i + width]);
                if (x + 1 < width) Add(regions[i], regions[i + width + 1]);
                if (x > 0) Add(regions[i], regions[i + width - 1]);
            }
        (int, int)[] sorted = [.. pairs];
        Array.Sort(sorted);
        return sorted;

        void Add(int a, int b)
        {
            if (a != b) pairs.Add(a < b ? (a, b) : (b, a));
        }
    }
}

/// <summary>The box around a region: first and last column and row.</summary>
internal readonly record struct RegionBox(int Left, int Top, int Right, int Bottom)
{
    public int Area => (Right - Left + 1) * (Bottom - Top + 1);

    public RegionBox With(int x, int y) => new(Math.Min(Left, x), Math.Min(Top, y), Math.Max(Right, x), Math.Max(Bottom, y));

    public RegionBox With(RegionBox other) =>
        new(Math.Min(Left, other.Left), Math.Min(Top, other.Top), Math.Max(Right, other.Right), Math.Max(Bottom, other.Bottom));

    public PixelBox ToPixels() => new(Left, Top, Right, Bottom);
}

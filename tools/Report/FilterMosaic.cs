using EvenNet.Framework;

namespace EvenNet.Report;

/// <summary>
/// Draws a layer's filters side by side. Each filter is scaled on its own, all its channels together, symmetrically about its
/// mean: middle grey is the filter's mean, and its weight farthest from the mean is black or full. Three channels are blue,
/// green and red, as the nets see them; one channel is grey.
/// </summary>
public static class FilterMosaic
{
    // Smallest side of a filter in the picture, so that 3×3 filters can be seen too; reached by repeating whole pixels.
    private const int SmallestSide = 32;

    private const byte Gutter = 24;

    /// <summary>The filters as a picture, one pixel apart. weights: outputs × channels × height × width, channels 1 or 3.</summary>
    /// <exception cref="ArgumentException">Filters of another number of channels, or another number of weights.</exception>
    public static FilterPicture Draw(string layer, ReadOnlySpan<float> weights, int outputs, int channels, int height, int width)
    {
        if (channels is not (1 or 3)) throw new ArgumentException($"{layer}: filters of {channels} channels have no colour; 1 or 3 do", nameof(channels));
        if (weights.Length != (long)outputs * channels * height * width)
            throw new ArgumentException($"{layer}: {outputs}×{channels}×{height}×{width} filters are {(long)outputs * channels * height * width} weights, got {weights.Length}", nameof(weights));

        int columns = Columns(outputs), rows = (outputs + columns - 1) / columns;
        int scale = Math.Max(1, (SmallestSide + Math.Min(height, width) - 1) / Math.Min(height, width));
        int cellWidth = width * scale + 1, cellHeight = height * scale + 1;
        var picture = new Image(columns * cellWidth + 1, rows * cellHeight + 1);
        picture.Pixels.AsSpan().Fill(Gutter);

        int size = channels * height * width;
        for (int o = 0; o < outputs; o++)
            DrawFilter(picture, weights.Slice(o * size, size), channels, height, width, scale,
                left: 1 + o % columns * cellWidth, top: 1 + o / columns * cellHeight);
        return new FilterPicture(layer, PngWriter.Encode(picture), picture.Width, picture.Height);
    }

    /// <summary>The number of columns: a divisor between √outputs and twice that where there is one, so that the last row is full.</summary>
    internal static int Columns(int outputs)
    {
        int root = (int)Math.Ceiling(Math.Sqrt(outputs));
        for (int columns = root; columns <= 2 * root && columns <= outputs; columns++)
            if (outputs % columns == 0) return columns;
        return root;
    }

    private static void DrawFilter(Image picture, ReadOnlySpan<float> filter, int channels, int height, int width, int scale, int left, int top)
    {
        double mean = 0, farthest = 0;
        foreach (float w in filter) mean += w;
        mean /= filter.Length;
        foreach (float w in filter) farthest = Math.Max(farthest, Math.Abs(w - mean));

        for (int h = 0; h < height * scale; h++)
        {
            Span<byte> row = picture.Row(top + h).Slice(3 * left, 3 * width * scale);
            for (int w = 0; w < width * scale; w++)
                for (int c = 0; c < 3; c++)
                {
                    float weight = filter[((channels == 3 ? c : 0) * height + h / scale) * width + w / scale];
                    row[3 * w + c] = Level(weight - mean, farthest);
                }
        }
    }

    // A filter whose weights are all equal is grey; one that holds NaN or infinity is black.
    private static byte Level(double deviation, double farthest) =>
        !double.IsFinite(farthest) || !double.IsFinite(deviation) ? (byte)0
        : farthest == 0 ? (byte)128
        : (byte)Math.Round(127.5 + 127.5 * deviation / farthest);
}

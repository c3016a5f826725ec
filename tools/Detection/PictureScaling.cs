using EvenNet.Framework;

namespace EvenNet.Detection;

/// <summary>A picture's size in a detector's input.</summary>
/// <param name="Factor">Input pixels a picture's pixel.</param>
/// <param name="Width">Columns of the input that it fills.</param>
/// <param name="Height">Rows.</param>
public readonly record struct PictureScaling(double Factor, int Width, int Height)
{
    /// <summary>The shorter side becomes <paramref name="side"/>, unless the longer one would become more than <paramref name="longest"/>: then that.</summary>
    public static PictureScaling Of(int width, int height, int side, int longest)
    {
        int shorter = Math.Min(width, height), longer = Math.Max(width, height);
        double factor = (double)side / shorter;
        if (Math.Round(factor * longer) > longest) factor = (double)longest / longer;
        return new PictureScaling(factor, Math.Max(1, (int)Math.Round(width * factor)), Math.Max(1, (int)Math.Round(height * factor)));
    }

    /// <summary>A box in the input.</summary>
    public PixelBox Of(in PixelBox box) => new((float)(box.Left * Factor), (float)(box.Top * Factor), (float)(box.Right * Factor), (float)(box.Bottom * Factor));

    /// <summary>
    /// Writes the picture, less the mean, into the upper left corner of planes of <paramref name="columns"/> × <paramref name="rows"/>: blue, green, red. What is
    /// outside is left as it is.
    /// </summary>
    public void Draw(ImageBuffer picture, bool mirrored, BgrMean mean, Span<float> planes, int rows, int columns)
    {
        byte[] resized = new byte[3 * Width * Height];
        if (Width == picture.Width && Height == picture.Height) picture.Pixels.CopyTo(resized);
        else Resize.Bilinear(picture.Pixels, picture.Width, picture.Height, 3, resized, Width, Height);
        ReadOnlySpan<float> means = [mean.Blue, mean.Green, mean.Red];
        for (int c = 0; c < 3; c++)
            for (int y = 0; y < Height; y++)
            {
                ReadOnlySpan<byte> from = resized.AsSpan(3 * y * Width, 3 * Width);
                Span<float> to = planes.Slice((c * rows + y) * columns, Width);
                for (int x = 0; x < Width; x++) to[x] = from[3 * (mirrored ? Width - 1 - x : x) + c] - means[c];
            }
    }
}

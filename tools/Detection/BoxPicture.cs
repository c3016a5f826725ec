using EvenNet.Framework;

namespace EvenNet.Detection;

/// <summary>Draws boxes with names into pictures. Each class has a colour of its own.</summary>
public static class BoxPicture
{
    // Steps of the hue between two classes: the golden section keeps neighbours apart.
    private const double Turn = 0.61803398875;

    /// <summary>Draws into the picture, the least sure first, so that the surest are on top.</summary>
    /// <param name="picture">Is changed.</param>
    /// <param name="found">What to draw.</param>
    /// <param name="classes">Their names.</param>
    public static void Draw(Image picture, IReadOnlyList<Found> found, IReadOnlyList<string> classes)
    {
        int scale = Math.Max(1, Math.Min(picture.Width, picture.Height) / 300), line = 2 * scale;
        foreach (Found f in found.OrderBy(f => f.Score))
        {
            (byte Blue, byte Green, byte Red) colour = ColourOf(f.Class);
            PixelBox box = f.Box.Clip(picture.Width, picture.Height);
            (int left, int top, int right, int bottom) = ((int)MathF.Round(box.Left), (int)MathF.Round(box.Top), (int)MathF.Round(box.Right), (int)MathF.Round(box.Bottom));
            Fill(picture, left, top, right, top + line - 1, colour);
            Fill(picture, left, bottom - line + 1, right, bottom, colour);
            Fill(picture, left, top, left + line - 1, bottom, colour);
            Fill(picture, right - line + 1, top, right, bottom, colour);
            string text = $"{classes[f.Class]} {(int)Math.Round(100 * f.Score)}%";
            int width = PixelText.Width(text, scale) + 2 * line, height = PixelText.Height * scale + 2 * line;
            // Above the box where there is room, else in it.
            int from = Math.Clamp(left, 0, Math.Max(0, picture.Width - width)), over = top >= height ? top - height : top;
            Fill(picture, from, over, from + width - 1, over + height - 1, colour);
            PixelText.Draw(picture, text, from + line, over + line, scale, IsLight(colour) ? ((byte)0, (byte)0, (byte)0) : ((byte)255, (byte)255, (byte)255));
        }
    }

    /// <summary>The colour of a class.</summary>
    public static (byte Blue, byte Green, byte Red) ColourOf(int @class)
    {
        double hue = 6 * (@class * Turn % 1);
        byte Part(double shift) => (byte)Math.Round(255 * Math.Clamp(Math.Abs((hue + shift) % 6 - 3) - 1, 0, 1));
        return (Part(2), Part(4), Part(0));
    }

    internal static void Fill(Image picture, int left, int top, int right, int bottom, (byte Blue, byte Green, byte Red) colour)
    {
        for (int y = Math.Max(0, top); y <= Math.Min(picture.Height - 1, bottom); y++)
        {
            Span<byte> row = picture.Row(y);
            for (int x = Math.Max(0, left); x <= Math.Min(picture.Width - 1, right); x++) (row[3 * x], row[3 * x + 1], row[3 * x + 2]) = colour;
        }
    }

    // Luma of ITU-R BT.601.
    private static bool IsLight((byte Blue, byte Green, byte Red) c) => 0.114 * c.Blue + 0.587 * c.Green + 0.299 * c.Red > 140;
}

using EvenNet.Framework;

namespace EvenNet.Report;

/// <summary>Small square pictures: the middle of a picture, each pixel the mean of those that it covers.</summary>
public static class Thumbnail
{
    /// <summary>The middle square of a picture at another size; a smaller one is repeated pixel by pixel.</summary>
    public static Image Square(Image image, int side)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(side);
        int cut = Math.Min(image.Width, image.Height), left = (image.Width - cut) / 2, top = (image.Height - cut) / 2;
        var result = new Image(side, side);
        for (int y = 0; y < side; y++)
        {
            (int firstRow, int lastRow) = Covered(y, side, cut);
            for (int x = 0; x < side; x++)
            {
                (int first, int last) = Covered(x, side, cut);
                int blue = 0, green = 0, red = 0;
                for (int r = firstRow; r <= lastRow; r++)
                {
                    Span<byte> row = image.Row(top + r).Slice(3 * (left + first), 3 * (last - first + 1));
                    for (int i = 0; i < row.Length; i += 3)
                    {
                        blue += row[i];
                        green += row[i + 1];
                        red += row[i + 2];
                    }
                }
                int count = (lastRow - firstRow + 1) * (last - first + 1), half = count / 2;
                Span<byte> to = result.Row(y).Slice(3 * x, 3);
                (to[0], to[1], to[2]) = ((byte)((blue + half) / count), (byte)((green + half) / count), (byte)((red + half) / count));
            }
        }
        return result;
    }

    private static (int First, int Last) Covered(int index, int side, int size)
    {
        int first = (int)((long)index * size / side), next = (int)((long)(index + 1) * size / side);
        return (first, Math.Max(first, next - 1));
    }
}

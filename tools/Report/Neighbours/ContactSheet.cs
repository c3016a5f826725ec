using EvenNet.Framework;

namespace EvenNet.Report;

/// <summary>
/// All rows of a <see cref="NeighbourReport"/> as one picture: the query at the left, then each net's answers under a bar of the net's colour, the nearest first. Many rows
/// are set in several columns.
/// </summary>
public static class ContactSheet
{
    private const int Gap = 1, NetGap = 8, BlockGap = 28, Margin = 10, Bar = 5, BarGap = 4;

    // Blue, green, red of the report's marks.
    private static readonly (byte, byte, byte)[] Colours = [(0xb2, 0x72, 0x00), (0x00, 0x5e, 0xd5), (0x5f, 0x80, 0x00), (0x8a, 0x47, 0xa2), (0x00, 0x6d, 0x8a), (0x57, 0x4f, 0x4a)];

    /// <summary>Draws the sheet.</summary>
    /// <exception cref="ArgumentException">There is no row, or the picture would be too large.</exception>
    public static Image Draw(NeighbourReport report)
    {
        if (report.Queries.Count == 0) throw new ArgumentException("there is no row to draw", nameof(report));
        int side = report.Pictures[report.Queries[0].Picture].Thumbnail.Width, cell = side + Gap;
        int[] counts = [.. Enumerable.Range(0, report.Nets.Count).Select(n => report.Queries.Max(q => q.Answers[n].Count))];
        int blockWidth = cell + counts.Sum(c => NetGap + c * cell) - Gap;
        int blocks = Blocks(report.Queries.Count, blockWidth, cell), rows = (report.Queries.Count + blocks - 1) / blocks;
        long width = 2L * Margin + (long)blocks * blockWidth + (blocks - 1) * BlockGap, height = 2L * Margin + Bar + BarGap + (long)rows * cell - Gap;
        if (width * height > Image.MostPixels) throw new ArgumentException($"the sheet would have {width}×{height} pixels; show fewer rows or smaller pictures");

        var sheet = new Image((int)width, (int)height);
        sheet.Pixels.AsSpan().Fill(255);
        for (int b = 0; b < blocks; b++)
        {
            int left = Margin + b * (blockWidth + BlockGap), x = left + cell;
            for (int n = 0; n < counts.Length; n++, x += NetGap + counts[n - 1] * cell)
                Fill(sheet, x + NetGap, Margin, counts[n] * cell - Gap, Bar, Colours[n % Colours.Length]);
            for (int r = 0; r < rows && b * rows + r < report.Queries.Count; r++)
            {
                NeighbourQuery query = report.Queries[b * rows + r];
                int top = Margin + Bar + BarGap + r * cell;
                Put(sheet, report.Pictures[query.Picture].Thumbnail, left, top);
                x = left + cell;
                for (int n = 0; n < counts.Length; n++, x += NetGap + counts[n - 1] * cell)
                    for (int i = 0; i < query.Answers[n].Count; i++) Put(sheet, report.Pictures[query.Answers[n][i].Index].Thumbnail, x + NetGap + i * cell, top);
            }
        }
        return sheet;
    }

    // As many columns of rows as make the sheet no more than a third higher than wide.
    private static int Blocks(int rows, int blockWidth, int cell)
    {
        int blocks = 1;
        while (blocks < rows && 3L * ((rows + blocks - 1) / blocks) * cell > 4L * blocks * (blockWidth + BlockGap)) blocks++;
        return blocks;
    }

    private static void Fill(Image sheet, int left, int top, int width, int height, (byte, byte, byte) colour)
    {
        for (int y = top; y < top + height; y++)
            for (int x = left; x < left + width; x++) (sheet.Row(y)[3 * x], sheet.Row(y)[3 * x + 1], sheet.Row(y)[3 * x + 2]) = colour;
    }

    private static void Put(Image sheet, Image picture, int left, int top)
    {
        for (int y = 0; y < picture.Height; y++) picture.Row(y).CopyTo(sheet.Row(top + y)[(3 * left)..]);
    }
}

namespace EvenNet.Framework;

/// <summary>A PNG's rows: the five filters undone (PNG specification, section 9.2) and the samples turned into BGR.</summary>
internal static class PngRows
{
    /// <summary>Undoes filter <paramref name="type"/> in place. pixelBytes: distance to the pixel on the left, at least 1; above: the row before, zeros for the first.</summary>
    public static bool Unfilter(int type, Span<byte> row, ReadOnlySpan<byte> above, int pixelBytes)
    {
        switch (type)
        {
            case 0:
                return true;
            case 1:
                for (int i = pixelBytes; i < row.Length; i++) row[i] += row[i - pixelBytes];
                return true;
            case 2:
                for (int i = 0; i < row.Length; i++) row[i] += above[i];
                return true;
            case 3:
                for (int i = 0; i < pixelBytes && i < row.Length; i++) row[i] += (byte)(above[i] >> 1);
                for (int i = pixelBytes; i < row.Length; i++) row[i] += (byte)((row[i - pixelBytes] + above[i]) >> 1);
                return true;
            case 4:
                for (int i = 0; i < pixelBytes && i < row.Length; i++) row[i] += above[i];
                for (int i = pixelBytes; i < row.Length; i++) row[i] += Paeth(row[i - pixelBytes], above[i], above[i - pixelBytes]);
                return true;
            default:
                return false;
        }
    }

    /// <summary>Of left, above and above-left the one nearest to left + above − aboveLeft; ties go in that order.</summary>
    public static byte Paeth(int left, int above, int aboveLeft)
    {
        int toLeft = Math.Abs(above - aboveLeft), toAbove = Math.Abs(left - aboveLeft), toAboveLeft = Math.Abs(left + above - 2 * aboveLeft);
        return (byte)(toLeft <= toAbove && toLeft <= toAboveLeft ? left : toAbove <= toAboveLeft ? above : aboveLeft);
    }

    /// <summary>
    /// Writes a row's pixels as BGR, every <paramref name="step"/>-th pixel of <paramref name="bgr"/>. Alpha is passed over, of 16 bits the high byte is kept,
    /// grey goes to all three. palette: RGB triples. Returns the largest palette index met, for the caller to check.
    /// </summary>
    public static int Unpack(PngHeader header, ReadOnlySpan<byte> row, int width, ReadOnlySpan<byte> palette, Span<byte> bgr, int step)
    {
        if (header.BitDepth < 8) return UnpackBits(header, row, width, palette, bgr, step);
        int sampleBytes = header.BitDepth / 8, pixelBytes = header.Samples * sampleBytes, highest = 0;
        bool isColour = header.Colour is PngColour.Rgb or PngColour.RgbAlpha;
        for (int x = 0, from = 0, to = 0; x < width; x++, from += pixelBytes, to += 3 * step)
        {
            if (isColour)
            {
                bgr[to] = row[from + 2 * sampleBytes];
                bgr[to + 1] = row[from + sampleBytes];
                bgr[to + 2] = row[from];
            }
            else if (header.Colour == PngColour.Palette)
            {
                highest = Math.Max(highest, row[from]);
                Colour(palette, row[from], bgr[to..]);
            }
            else
            {
                bgr[to] = bgr[to + 1] = bgr[to + 2] = row[from];
            }
        }
        return highest;
    }

    // Depths 1, 2 and 4: the leftmost pixel is in the high bits; grey is stretched to 0 … 255.
    private static int UnpackBits(PngHeader header, ReadOnlySpan<byte> row, int width, ReadOnlySpan<byte> palette, Span<byte> bgr, int step)
    {
        int depth = header.BitDepth, mask = (1 << depth) - 1, stretch = 255 / mask, highest = 0;
        for (int x = 0, to = 0; x < width; x++, to += 3 * step)
        {
            int bit = x * depth;
            int value = (row[bit >> 3] >> (8 - depth - (bit & 7))) & mask;
            if (header.Colour == PngColour.Palette)
            {
                highest = Math.Max(highest, value);
                Colour(palette, value, bgr[to..]);
            }
            else
            {
                bgr[to] = bgr[to + 1] = bgr[to + 2] = (byte)(value * stretch);
            }
        }
        return highest;
    }

    private static void Colour(ReadOnlySpan<byte> palette, int index, Span<byte> bgr)
    {
        if (3 * index >= palette.Length) return;
        bgr[0] = palette[3 * index + 2];
        bgr[1] = palette[3 * index + 1];
        bgr[2] = palette[3 * index];
    }
}

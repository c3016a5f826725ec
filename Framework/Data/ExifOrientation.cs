using System.Buffers.Binary;

namespace EvenNet.Framework;

/// <summary>
/// How a camera was held, as its picture says (Exif 2.3, tag 0x0112; values 1 to 8), and the picture turned upright as OpenCV's imread turns it.
/// Anything unreadable counts as 1, upright.
/// </summary>
public static class ExifOrientation
{
    /// <summary>The orientation of a picture that needs no turning.</summary>
    public const int Upright = 1;

    /// <summary>Whether a picture of this orientation has its width and height exchanged when it is turned upright.</summary>
    public static bool IsTurned(int orientation) => orientation is >= 5 and <= 8;

    /// <summary>The orientation in a JPEG file's first Exif segment.</summary>
    public static int OfJpeg(ReadOnlySpan<byte> jpeg)
    {
        // Segments: FF, a kind, and the length of what follows, its own two bytes included. The pixels start at DA.
        int at = 2;
        while (at + 4 <= jpeg.Length && jpeg[at] == 0xFF && jpeg[at + 1] is not (0xDA or 0xD9))
        {
            if (jpeg[at + 1] == 0xFF)
            {
                at++;
                continue;
            }
            int length = BinaryPrimitives.ReadUInt16BigEndian(jpeg[(at + 2)..]);
            if (length < 2 || at + 2 + length > jpeg.Length) return Upright;
            ReadOnlySpan<byte> content = jpeg.Slice(at + 4, length - 2);
            if (jpeg[at + 1] == 0xE1 && content.StartsWith("Exif\0\0"u8)) return OfExif(content[6..]);
            at += 2 + length;
        }
        return Upright;
    }

    /// <summary>The orientation in Exif data, which are a TIFF file's first directory; in a PNG the chunk eXIf.</summary>
    public static int OfExif(ReadOnlySpan<byte> tiff)
    {
        // A header: byte order, 42, the first directory's offset. A directory: a count, then entries of 12 bytes: tag, type, count, value.
        if (tiff.Length < 8) return Upright;
        bool isLittle = tiff.StartsWith("II"u8);
        if (!isLittle && !tiff.StartsWith("MM"u8) || Short(tiff[2..], isLittle) != 42) return Upright;
        uint directory = isLittle ? BinaryPrimitives.ReadUInt32LittleEndian(tiff[4..]) : BinaryPrimitives.ReadUInt32BigEndian(tiff[4..]);
        if (directory > tiff.Length - 2) return Upright;
        int count = Short(tiff[(int)directory..], isLittle);
        ReadOnlySpan<byte> entries = tiff[((int)directory + 2)..];
        for (int i = 0; i < count && entries.Length >= 12; i++, entries = entries[12..])
            if (Short(entries, isLittle) == 0x0112) return Short(entries[2..], isLittle) == 3 && Short(entries[8..], isLittle) is >= 1 and <= 8 and int value ? value : Upright;
        return Upright;
    }

    /// <summary>The picture upright; the same one where it is already.</summary>
    public static Image Apply(Image image, int orientation)
    {
        if (orientation is < 2 or > 8) return image;
        bool isTurned = IsTurned(orientation), fromRight = orientation is 2 or 3 or 7 or 8, fromBottom = orientation is 3 or 4 or 6 or 7;
        var upright = isTurned ? new Image(image.Height, image.Width) : new Image(image.Width, image.Height);
        byte[] source = image.Pixels, target = upright.Pixels;
        for (int y = 0, to = 0; y < upright.Height; y++)
            for (int x = 0; x < upright.Width; x++, to += 3)
            {
                (int column, int row) = isTurned ? (y, x) : (x, y);
                if (fromRight) column = image.Width - 1 - column;
                if (fromBottom) row = image.Height - 1 - row;
                int from = 3 * (row * image.Width + column);
                (target[to], target[to + 1], target[to + 2]) = (source[from], source[from + 1], source[from + 2]);
            }
        return upright;
    }

    private static int Short(ReadOnlySpan<byte> bytes, bool isLittle) => isLittle ? BinaryPrimitives.ReadUInt16LittleEndian(bytes) : BinaryPrimitives.ReadUInt16BigEndian(bytes);
}

using EvenNet.Framework;

namespace EvenNet.Detection;

/// <summary>The boxes of one picture.</summary>
/// <param name="Name">The picture's file name without folder and extension.</param>
/// <param name="Boxes">In its own pixels, counted from 0, the most promising first.</param>
public readonly record struct PictureBoxes(string Name, IReadOnlyList<PixelBox> Boxes)
{
    /// <summary>How files of boxes call a picture.</summary>
    public static string NameOf(string path) => Path.GetFileNameWithoutExtension(path);

    /// <summary>Why a file with this box is broken; null where it is a box.</summary>
    internal static string? Problem(PixelBox box)
    {
        foreach (float side in (ReadOnlySpan<float>)[box.Left, box.Top, box.Right, box.Bottom])
            if (!(Math.Abs(side) <= Image.LongestSide)) return $"{box}: numbers of pixels up to {Image.LongestSide} are expected";
        return box.Right < box.Left || box.Bottom < box.Top ? $"{box} ends before it begins" : null;
    }
}

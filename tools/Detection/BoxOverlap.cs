using EvenNet.Framework;

namespace EvenNet.Detection;

/// <summary>How far boxes cover each other. Both ends of a box belong to it (PASCAL VOC, Everingham et al. 2010, §4.2), so that a box from 3 to 3 is one pixel wide.</summary>
public static class BoxOverlap
{
    /// <summary>Pixels of a box; 0 where it ends before it begins.</summary>
    public static double Area(this PixelBox box) => Math.Max(0, (double)box.Right - box.Left + 1) * Math.Max(0, (double)box.Bottom - box.Top + 1);

    /// <summary>Pixels that two boxes share.</summary>
    public static double Intersection(this PixelBox a, PixelBox b)
    {
        double width = Math.Min((double)a.Right, b.Right) - Math.Max((double)a.Left, b.Left) + 1;
        double height = Math.Min((double)a.Bottom, b.Bottom) - Math.Max((double)a.Top, b.Top) + 1;
        return width > 0 && height > 0 ? width * height : 0;
    }

    /// <summary>Intersection over union, 0 … 1; 0 where a box has no pixels.</summary>
    public static double IoU(this PixelBox a, PixelBox b)
    {
        double common = a.Intersection(b);
        return common > 0 ? common / (a.Area() + b.Area() - common) : 0;
    }

    /// <summary>The part of a box inside a picture; where none is, the picture's nearest pixel, so that every box has one.</summary>
    public static PixelBox Clip(this PixelBox box, int width, int height)
    {
        float left = Math.Clamp(box.Left, 0, width - 1), top = Math.Clamp(box.Top, 0, height - 1);
        return new(left, top, Math.Clamp(box.Right, left, width - 1), Math.Clamp(box.Bottom, top, height - 1));
    }
}

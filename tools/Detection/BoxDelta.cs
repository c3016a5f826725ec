using EvenNet.Framework;

namespace EvenNet.Detection;

/// <summary>
/// The way from a region to an object's box (Girshick et al. 2014, appendix C): the shift of the centre in sides of the region, and the logarithms of the
/// sides' ratios. A side is the difference of the coordinates of its ends, as in Fast R-CNN's program, and never zero.
/// </summary>
/// <param name="X">To the right.</param>
/// <param name="Y">Down.</param>
/// <param name="Width">ln of the ratio.</param>
/// <param name="Height">ln of the ratio.</param>
public readonly record struct BoxDelta(double X, double Y, double Width, double Height)
{
    private const double Least = 1e-14;

    /// <summary>What brings a region to a box.</summary>
    public static BoxDelta Between(in PixelBox region, in PixelBox box)
    {
        (double width, double height) = Sides(region);
        (double boxWidth, double boxHeight) = Sides(box);
        return new BoxDelta(
            (box.Left + 0.5 * boxWidth - (region.Left + 0.5 * width)) / width, (box.Top + 0.5 * boxHeight - (region.Top + 0.5 * height)) / height,
            Math.Log(boxWidth / width), Math.Log(boxHeight / height));
    }

    /// <summary>Where it brings a region; a side that grows beyond all numbers is as long as numbers go.</summary>
    public PixelBox Of(in PixelBox region)
    {
        (double width, double height) = Sides(region);
        double x = region.Left + 0.5 * width + X * width, y = region.Top + 0.5 * height + Y * height;
        double w = Math.Min(Math.Exp(Width) * width, float.MaxValue), h = Math.Min(Math.Exp(Height) * height, float.MaxValue);
        return new PixelBox((float)(x - 0.5 * w), (float)(y - 0.5 * h), (float)(x + 0.5 * w), (float)(y + 0.5 * h));
    }

    private static (double, double) Sides(in PixelBox box) => ((double)box.Right - box.Left + Least, (double)box.Bottom - box.Top + Least);
}

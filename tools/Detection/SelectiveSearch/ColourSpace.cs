using EvenNet.Framework;

namespace EvenNet.Detection;

/// <summary>The colours in which a picture is segmented and its regions compared.</summary>
public enum ColourSpace
{
    /// <summary>Hue, saturation and value, each 0 … 255.</summary>
    Hsv,

    /// <summary>CIE L*a*b* for the white of D65, lightness 0 … 255 and the opponent colours about 128.</summary>
    Lab,
}

/// <summary>Colours of a picture as three planes of 0 … 255, height × width each.</summary>
internal static class Colours
{
    private static readonly float[] Linear = MakeLinear();

    public static float[] Of(Image image, ColourSpace space)
    {
        float[] planes = new float[image.Pixels.Length];
        int plane = planes.Length / 3;
        ReadOnlySpan<byte> pixels = image.Pixels;
        Span<float> first = planes.AsSpan(0, plane), second = planes.AsSpan(plane, plane), third = planes.AsSpan(2 * plane, plane);
        for (int i = 0; i < plane; i++)
        {
            byte blue = pixels[3 * i], green = pixels[3 * i + 1], red = pixels[3 * i + 2];
            (first[i], second[i], third[i]) = space == ColourSpace.Hsv ? Hsv(red, green, blue) : Lab(red, green, blue);
        }
        return planes;
    }

    // Grey has no hue: it is taken as 0.
    private static (float, float, float) Hsv(byte red, byte green, byte blue)
    {
        int most = Math.Max(red, Math.Max(green, blue)), range = most - Math.Min(red, Math.Min(green, blue));
        if (range == 0) return (0, 0, most);
        float sixth = most == red ? (float)(green - blue) / range : most == green ? 2 + (float)(blue - red) / range : 4 + (float)(red - green) / range;
        if (sixth < 0) sixth += 6;
        return (sixth * (255f / 6), 255f * range / most, most);
    }

    // sRGB (IEC 61966-2-1) to CIE XYZ to L*a*b*.
    private static (float, float, float) Lab(byte red, byte green, byte blue)
    {
        float r = Linear[red], g = Linear[green], b = Linear[blue];
        float x = Curve((0.4124564f * r + 0.3575761f * g + 0.1804375f * b) / 0.95047f);
        float y = Curve(0.2126729f * r + 0.7151522f * g + 0.0721750f * b);
        float z = Curve((0.0193339f * r + 0.1191920f * g + 0.9503041f * b) / 1.08883f);
        return (2.55f * (116 * y - 16), Math.Clamp(500 * (x - y) + 128, 0, 255), Math.Clamp(200 * (y - z) + 128, 0, 255));
    }

    private static float Curve(float t) => t > 0.008856f ? MathF.Cbrt(t) : 7.787f * t + 16f / 116;

    private static float[] MakeLinear()
    {
        float[] table = new float[256];
        for (int i = 0; i < table.Length; i++)
        {
            double c = i / 255.0;
            table[i] = (float)(c <= 0.04045 ? c / 12.92 : Math.Pow((c + 0.055) / 1.055, 2.4));
        }
        return table;
    }
}

namespace EvenNet.Detection;

/// <summary>
/// Texture of a picture (Uijlings et al. 2013, §3.2): Gaussian derivatives of deviation 1 in eight directions of each colour channel, as the level of ten
/// into which each pixel's derivative falls.
/// </summary>
internal static class Texture
{
    public const int Directions = 8, Levels = 10, Channels = 3;

    /// <summary>Histograms of a region: channels × directions × levels values.</summary>
    public const int HistogramSize = Channels * Directions * Levels;

    private const double Sigma = 1;

    /// <summary>Levels, (height × width) × (channels × directions): all of a pixel lie together. Each channel's largest derivative has the highest level.</summary>
    public static byte[] Of(ReadOnlySpan<float> planes, int width, int height)
    {
        const int values = Channels * Directions;
        int plane = width * height;
        byte[] levels = new byte[plane * values];
        float[] alongX = new float[plane], alongY = new float[plane];
        Span<float> four = stackalloc float[Directions / 2];
        float diagonal = MathF.Sqrt(0.5f);
        for (int c = 0; c < Channels; c++)
        {
            Gaussian.Derivatives(planes.Slice(c * plane, plane), width, height, Sigma, alongX, alongY);
            float largest = 0;
            for (int i = 0; i < plane; i++)
            {
                float x = Math.Abs(alongX[i]), y = Math.Abs(alongY[i]);
                largest = Math.Max(largest, Math.Max(Math.Max(x, y), diagonal * (x + y)));
            }
            // A channel without any difference lies in the lowest level everywhere.
            float scale = largest > 0 ? Levels / largest : 0;
            for (int i = 0, at = c * Directions; i < plane; i++, at += values)
            {
                float x = alongX[i], y = alongY[i];
                four[0] = x;
                four[1] = diagonal * (x + y);
                four[2] = y;
                four[3] = diagonal * (y - x);
                for (int d = 0; d < four.Length; d++)
                {
                    // Of two opposite directions one has the derivative and the other none.
                    byte level = (byte)Math.Min(Math.Abs(four[d]) * scale, Levels - 1);
                    levels[four[d] > 0 ? at + d : at + d + four.Length] = level;
                }
            }
        }
        return levels;
    }
}

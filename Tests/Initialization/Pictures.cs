using EvenNet.Framework;

namespace EvenNet.Tests;

/// <summary>
/// Pictures that have what photographs have and an initializer lives on: neighbours that are alike, channels that are alike, pictures of
/// different brightness, a range of about ±100.
/// </summary>
internal static class Pictures
{
    /// <summary>count × shape.</summary>
    public static float[] For(Graph graph, int count, ulong seed = 1) => Of(graph["data"].Shape, count, seed);

    /// <inheritdoc cref="For"/>
    public static float[] Of(Shape shape, int count, ulong seed = 1)
    {
        float[] all = new float[count * shape.Count];
        for (int n = 0; n < count; n++)
        {
            var random = new Philox(seed, RandomPurpose.Order, n);
            float[] grey = Plane(shape, random, 1);
            for (int c = 0; c < shape.Channels; c++)
            {
                float[] colour = Plane(shape, random, 0.4f);
                for (int i = 0; i < shape.Plane; i++) all[n * shape.Count + c * shape.Plane + i] = 10 + grey[i] + colour[i];
            }
        }
        return all;
    }

    /// <summary>No pictures: independent normal numbers, ±50.</summary>
    public static float[] Independent(Shape shape, int count)
    {
        float[] all = new float[count * shape.Count];
        new Philox(1, RandomPurpose.Order).FillGaussian(all);
        foreach (ref float v in all.AsSpan()) v *= 50;
        return all;
    }

    /// <summary>Each value becomes the mean of the 3×3 around it, as far as they lie within the picture.</summary>
    public static void Blur(Shape shape, float[] images)
    {
        for (int plane = 0; plane < images.Length; plane += shape.Plane)
        {
            float[] sharp = images.AsSpan(plane, shape.Plane).ToArray();
            for (int h = 0; h < shape.Height; h++)
            {
                for (int w = 0; w < shape.Width; w++)
                {
                    float sum = 0;
                    int count = 0;
                    for (int r = Math.Max(0, h - 1); r <= Math.Min(shape.Height - 1, h + 1); r++)
                        for (int s = Math.Max(0, w - 1); s <= Math.Min(shape.Width - 1, w + 1); s++, count++) sum += sharp[r * shape.Width + s];
                    images[plane + h * shape.Width + w] = sum / count;
                }
            }
        }
    }

    // Smooth surfaces through random heights, coarse ones higher than fine ones.
    private static float[] Plane(Shape shape, RandomSource random, float size)
    {
        float[] plane = new float[shape.Plane];
        foreach (int cell in new[] { 16, 8, 4, 2, 1 })
        {
            int columns = shape.Width / cell + 2;
            float[] heights = new float[(shape.Height / cell + 2) * columns];
            random.FillGaussian(heights);
            for (int h = 0; h < shape.Height; h++)
            {
                for (int w = 0; w < shape.Width; w++)
                {
                    float down = (float)(h % cell) / cell, right = (float)(w % cell) / cell;
                    int at = h / cell * columns + w / cell;
                    float upper = heights[at] * (1 - right) + heights[at + 1] * right;
                    float lower = heights[at + columns] * (1 - right) + heights[at + columns + 1] * right;
                    plane[h * shape.Width + w] += size * 3 * cell * (upper * (1 - down) + lower * down);
                }
            }
        }
        return plane;
    }
}

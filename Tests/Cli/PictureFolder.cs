using EvenNet.Framework;

namespace EvenNet.Tests.Cli;

/// <summary>A folder of small pictures with edges and texture, different from one another and the same in every run.</summary>
internal static class PictureFolder
{
    public static string Make(string folder, int count, int width = 64, int height = 48, int seed = 5)
    {
        Directory.CreateDirectory(folder);
        var random = new Random(seed);
        for (int i = 0; i < count; i++) PngWriter.Write(Path.Combine(folder, $"picture-{i:00}.png"), Picture(random, width, height));
        return folder;
    }

    // Discs of random colours on a gradient, and noise.
    public static Image Picture(Random random, int width, int height)
    {
        var image = new Image(width, height);
        var discs = Enumerable.Range(0, 12).Select(_ => (X: random.Next(width), Y: random.Next(height), R: random.Next(3, 20), Colour: random.Next(1 << 24))).ToArray();
        for (int y = 0; y < height; y++)
        {
            Span<byte> row = image.Row(y);
            for (int x = 0; x < width; x++)
            {
                int colour = 0x404040 + 0x010102 * (x + y);
                foreach ((int cx, int cy, int r, int c) in discs)
                    if ((x - cx) * (x - cx) + (y - cy) * (y - cy) < r * r) colour = c;
                for (int b = 0; b < 3; b++) row[3 * x + b] = (byte)Math.Clamp((colour >> 8 * b & 255) + random.Next(-8, 9), 0, 255);
            }
        }
        return image;
    }
}

namespace EvenNet.Framework;

/// <summary>
/// Random changes of colour, each by a factor uniform in [1 − amount, 1 + amount], in this order, values held to 0 … 255 after each:
/// brightness multiplies every level; contrast moves it away from the mean grey of the input; saturation away from the pixel's own grey
/// (0.299 red + 0.587 green + 0.114 blue). Grey pictures have no saturation.
/// </summary>
public readonly record struct ColourJitter(float Brightness = 0, float Contrast = 0, float Saturation = 0)
{
    /// <summary>Nothing is changed.</summary>
    public bool IsNone => Brightness == 0 && Contrast == 0 && Saturation == 0;

    internal string? Problem => Brightness is >= 0 and <= 1 && Contrast is >= 0 and <= 1 && Saturation is >= 0 and <= 1 ? null : $"jitter amounts lie in 0 … 1, got {Brightness}, {Contrast} and {Saturation}";

    /// <summary>Changes the levels of one input: planes of <paramref name="plane"/> values, of which only the rows and columns given hold picture.</summary>
    internal void Apply(Span<float> values, int plane, int width, Range rows, Range columns, RandomSource random)
    {
        float brightness = Factor(Brightness, random), contrast = Factor(Contrast, random), saturation = Factor(Saturation, random);
        int channels = values.Length / plane, first = columns.Start.Value, count = columns.End.Value - first;
        Span<float> blue = values[..plane], green = channels == 3 ? values.Slice(plane, plane) : blue, red = channels == 3 ? values[(2 * plane)..] : blue;
        double sum = 0;
        for (int y = rows.Start.Value; y < rows.End.Value; y++)
            for (int i = y * width + first, end = i + count; i < end; i++)
            {
                for (int c = 0; c < channels; c++) values[c * plane + i] = Level(values[c * plane + i] * brightness);
                sum += Grey(blue[i], green[i], red[i]);
            }
        float mean = (float)(sum / Math.Max(1, count * (rows.End.Value - rows.Start.Value)));
        for (int y = rows.Start.Value; y < rows.End.Value; y++)
            for (int i = y * width + first, end = i + count; i < end; i++)
            {
                for (int c = 0; c < channels; c++) values[c * plane + i] = Level(mean + (values[c * plane + i] - mean) * contrast);
                if (channels != 3) continue;
                float grey = Grey(blue[i], green[i], red[i]);
                for (int c = 0; c < channels; c++) values[c * plane + i] = Level(grey + (values[c * plane + i] - grey) * saturation);
            }
    }

    private static float Factor(float amount, RandomSource random) => (float)(1 + amount * (2 * random.NextUniform() - 1));

    private static float Grey(float blue, float green, float red) => 0.114f * blue + 0.587f * green + 0.299f * red;

    private static float Level(float value) => Math.Clamp(value, 0, 255);
}

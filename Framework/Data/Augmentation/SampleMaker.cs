namespace EvenNet.Framework;

/// <summary>Makes inputs from pictures, with memory that is used again; for one thread.</summary>
internal sealed class SampleMaker
{
    private readonly Augmentation settings;
    private readonly ImageBuffer picture = new(), resized = new();
    private readonly Window[] windows;
    private readonly PictureSampler sampler;
    private readonly DecodeScale scale;

    // The sample being made: its draws, and whether its windows are placed already.
    private RandomSource? draws;
    private bool isPlaced;

    public SampleMaker(Augmentation settings)
    {
        this.settings = settings;
        windows = new Window[settings.Views];
        sampler = new PictureSampler(settings.Shape);
        scale = Eighths;
    }

    /// <summary>Decodes sample <paramref name="index"/> and makes its inputs: views × channels × height × width.</summary>
    /// <exception cref="ImageFormatException">The picture is missing, broken, or does not fit.</exception>
    public void Make(Dataset dataset, int index, RandomSource random, Span<float> inputs)
    {
        (draws, isPlaced) = (random, false);
        try
        {
            dataset.Read(index, picture, scale);
            Finish(picture, inputs);
        }
        catch (Exception error) when (error is ArgumentException or IOException or UnauthorizedAccessException)
        {
            throw new ImageFormatException(dataset.NameOf(index), error.Message, error);
        }
    }

    /// <summary>Makes the inputs of a decoded picture.</summary>
    /// <exception cref="ArgumentException">It does not fit.</exception>
    public void Make(ImageBuffer decoded, RandomSource random, Span<float> inputs)
    {
        (draws, isPlaced) = (random, false);
        Finish(decoded, inputs);
    }

    private void Place(int fullWidth, int fullHeight)
    {
        (int width, int height) = settings.Resized(fullWidth, fullHeight);
        if ((long)width * height > Image.MostPixels) throw new ArgumentException($"its {fullWidth}×{fullHeight} pixels would become {width}×{height}; at most {Image.MostPixels} together are made");
        if (settings.Crop.Refusal(width, height, settings.Shape) is { } refusal) throw new ArgumentException(refusal);
        settings.Crop.Place(width, height, settings.Shape, settings.Mirror, draws!, windows);
        isPlaced = true;
    }

    // The smallest of 1/8, 1/4, 1/2 and 1 that has at least a pixel for each one taken. The library's other scales are slower than the full one.
    private int Eighths(int width, int height)
    {
        Place(width, height);
        if (!settings.ScaledDecode) return 8;
        double step = double.PositiveInfinity;
        if (settings.ResizeTo > 0)
        {
            (int newWidth, int newHeight) = settings.Resized(width, height);
            step = Math.Min((double)width / newWidth, (double)height / newHeight);
        }
        else
        {
            foreach (Window window in windows) step = Math.Min(step, window.StepY);
        }
        return step >= 8 ? 1 : step >= 4 ? 2 : step >= 2 ? 4 : 8;
    }

    private void Finish(ImageBuffer decoded, Span<float> inputs)
    {
        int values = settings.Shape.Count;
        if (inputs.Length != windows.Length * values) throw new ArgumentException($"{windows.Length} inputs of {settings.Shape} are {windows.Length * values} values, got {inputs.Length}");
        if (decoded.Channels != settings.Shape.Channels) throw new ArgumentException($"a picture of {decoded.Channels} channels cannot become an input of {settings.Shape}");
        if (!isPlaced) Place(decoded.FullWidth, decoded.FullHeight);
        ImageBuffer source = Resize(decoded);
        for (int v = 0; v < windows.Length; v++) Make(source, windows[v], inputs.Slice(v * values, values));
    }

    private ImageBuffer Resize(ImageBuffer decoded)
    {
        if (settings.ResizeTo == 0) return decoded;
        (int width, int height) = settings.Resized(decoded.FullWidth, decoded.FullHeight);
        Framework.Resize.Bilinear(decoded.Pixels, decoded.Width, decoded.Height, decoded.Channels, resized.Begin(width, height, decoded.Channels), width, height);
        return resized;
    }

    private void Make(ImageBuffer source, Window window, Span<float> input)
    {
        bool isPlain = settings.Jitter.IsNone && settings.MeanImage is null;
        sampler.Sample(source, window, isPlain ? settings.Mean : default, isPlain ? settings.Scale : 1, input);
        if (isPlain) return;
        if (!settings.Jitter.IsNone) settings.Jitter.Apply(input, settings.Shape.Plane, settings.Shape.Width, sampler.Rows, sampler.Columns, draws!);
        Normalise(source, window, input);
    }

    private void Normalise(ImageBuffer source, Window window, Span<float> input)
    {
        MeanImage? image = settings.MeanImage;
        if (image is not null && (image.Shape.Width != source.Width || image.Shape.Height != source.Height))
            throw new ArgumentException($"the mean picture is {image.Shape.Width}×{image.Shape.Height} pixels, this one {source}");
        (int channels, int height, int width) = (settings.Shape.Channels, settings.Shape.Height, settings.Shape.Width);
        ReadOnlySpan<float> levels = [settings.Mean.Blue, settings.Mean.Green, settings.Mean.Red];
        for (int c = 0; c < channels; c++)
            for (int y = sampler.Rows.Start.Value; y < sampler.Rows.End.Value; y++)
            {
                Span<float> row = input.Slice((c * height + y) * width, width);
                if (image is null)
                {
                    foreach (ref float value in row[sampler.Columns]) value = (value - levels[c]) * settings.Scale;
                    continue;
                }
                ReadOnlySpan<float> mean = image.Values.Slice((c * image.Shape.Height + (int)(y + window.OffsetY)) * image.Shape.Width, image.Shape.Width);
                for (int x = sampler.Columns.Start.Value; x < sampler.Columns.End.Value; x++) row[x] = (row[x] - mean[(int)(window.StepX * x + window.OffsetX)]) * settings.Scale;
            }
    }
}

using System.Buffers;

namespace EvenNet.Framework;

/// <summary>How a picture is brought to a net's input size.</summary>
public enum ImageFit
{
    /// <summary>Both sides are resized and the picture's proportions lost, as the paper's program does.</summary>
    Warp,

    /// <summary>The shorter side is resized to <see cref="ImageTransform.ResizeTo"/>, and the middle cut out.</summary>
    Crop,
}

/// <summary>
/// From a picture to a net's input: resize (OpenCV's bilinear), cut, subtract the mean, then scale, as float32 channels × height × width in the order blue, green, red.
/// </summary>
/// <param name="Height">Rows of the result.</param>
/// <param name="Width">Columns of the result.</param>
public sealed record ImageTransform(int Height, int Width)
{
    /// <summary>For a net's input of three channels.</summary>
    /// <exception cref="ArgumentException">Another number of channels.</exception>
    public ImageTransform(Shape input) : this(input.Height, input.Width)
    {
        if (input.Channels != 3) throw new ArgumentException($"pictures have 3 channels, the input {input} has {input.Channels}");
    }

    /// <summary>Warp unless said otherwise.</summary>
    public ImageFit Fit { get; init; } = ImageFit.Warp;

    /// <summary>With <see cref="ImageFit.Crop"/>: the shorter side after the resize, in pixels; 0 cuts the picture as it is.</summary>
    public int ResizeTo { get; init; } = 256;

    /// <summary>Subtracted first.</summary>
    public BgrMean Mean { get; init; } = BgrMean.ImageNet;

    /// <summary>Subtracted instead of <see cref="Mean"/>: its middle, of the result's size, as where Caffe cuts the middle out of a picture of the mean's size.</summary>
    public MeanImage? MeanImage { get; init; }

    /// <summary>Multiplied after the mean is subtracted.</summary>
    public float Scale { get; init; } = 1;

    /// <summary>Why the mean picture does not go with the result; null where it does, or there is none.</summary>
    public string? Problem =>
        MeanImage is not { } mean ? null
        : mean.Shape.Channels != 3 ? $"the mean picture is {mean.Shape}, the input {Shape}"
        : mean.Shape.Height < Height || mean.Shape.Width < Width ? $"the mean picture is {mean.Shape.Width}×{mean.Shape.Height} pixels, less than the {Width}×{Height} of the input"
        : Fit == ImageFit.Warp && mean.Shape != Shape ? $"the mean picture is {mean.Shape.Width}×{mean.Shape.Height} pixels, but whole pictures are warped to {Width}×{Height}; cut out their middle instead"
        : null;

    /// <summary>3 × height × width.</summary>
    public Shape Shape => new(3, Height, Width);

    /// <summary>Writes the picture's input values to <paramref name="destination"/>: 3 × height × width.</summary>
    /// <exception cref="ArgumentException">The picture is smaller than the cut, or a size is wrong.</exception>
    public void Apply(Image image, Span<float> destination)
    {
        if (Problem is { } problem) throw new ArgumentException(problem);
        if (Height <= 0 || Width <= 0 || destination.Length != Shape.Count) throw new ArgumentException($"an input of {Shape} is {Shape.Count} values, got {destination.Length}");
        if (Refusal(image) is { } refusal) throw new ArgumentException(refusal);
        (int width, int height) = ResizedSize(image);
        byte[]? resized = (width, height) == (image.Width, image.Height) ? null : ArrayPool<byte>.Shared.Rent(3 * width * height);
        try
        {
            if (resized is not null) Resize.Bilinear(image.Pixels, image.Width, image.Height, 3, resized.AsSpan(0, 3 * width * height), width, height);
            Split(resized ?? image.Pixels, width, (width - Width) / 2, (height - Height) / 2, destination);
        }
        finally
        {
            if (resized is not null) ArrayPool<byte>.Shared.Return(resized);
        }
    }

    /// <summary>Why the picture cannot be brought to this size; null where it can.</summary>
    public string? Refusal(Image image)
    {
        (long width, long height) = ResizedSize(image);
        if (width < Width || height < Height) return $"a cut of {Width}×{Height} does not fit into {width}×{height} pixels (ResizeTo is {ResizeTo})";
        if (width * height > Image.MostPixels) return $"its {image} pixels would become {width}×{height}; at most {Image.MostPixels} together are made";
        return null;
    }

    // The longer side follows the shorter, to the nearest pixel.
    private (int Width, int Height) ResizedSize(Image image)
    {
        if (Fit == ImageFit.Warp) return (Width, Height);
        if (ResizeTo == 0) return (image.Width, image.Height);
        int shorter = Math.Min(image.Width, image.Height);
        int longer = (int)Math.Min(int.MaxValue, Math.Round((double)Math.Max(image.Width, image.Height) * ResizeTo / shorter));
        return image.Width < image.Height ? (ResizeTo, longer) : (longer, ResizeTo);
    }

    // From interleaved bytes, rows of stride pixels, to planes.
    private void Split(ReadOnlySpan<byte> pixels, int stride, int left, int top, Span<float> destination)
    {
        int plane = Height * Width;
        Span<float> blue = destination[..plane], green = destination.Slice(plane, plane), red = destination.Slice(2 * plane, plane);
        for (int y = 0, to = 0; y < Height; y++)
        {
            ReadOnlySpan<byte> row = pixels.Slice(3 * ((top + y) * stride + left), 3 * Width);
            if (MeanImage is { } image)
            {
                for (int c = 0; c < 3; c++)
                {
                    ReadOnlySpan<float> mean = image.Values.Slice((c * image.Shape.Height + (image.Shape.Height - Height) / 2 + y) * image.Shape.Width + (image.Shape.Width - Width) / 2, Width);
                    for (int x = 0; x < Width; x++) destination[c * plane + to + x] = (row[3 * x + c] - mean[x]) * Scale;
                }
                to += Width;
                continue;
            }
            for (int from = 0; from < row.Length; from += 3, to++)
            {
                blue[to] = (row[from] - Mean.Blue) * Scale;
                green[to] = (row[from + 1] - Mean.Green) * Scale;
                red[to] = (row[from + 2] - Mean.Red) * Scale;
            }
        }
    }
}

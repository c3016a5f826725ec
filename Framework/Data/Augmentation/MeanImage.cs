namespace EvenNet.Framework;

/// <summary>
/// A mean picture, in levels. It is subtracted by the position in the picture that a value comes from: a mirrored pixel loses the mean of where it was,
/// as in Caffe.
/// </summary>
public sealed class MeanImage
{
    private readonly float[] values;

    /// <summary>From channels × height × width values, blue first.</summary>
    /// <exception cref="ArgumentException">Another number of values.</exception>
    public MeanImage(Shape shape, float[] values)
    {
        if (values.Length != shape.Count) throw new ArgumentException($"a mean picture of {shape} is {shape.Count} values, got {values.Length}", nameof(values));
        (Shape, this.values) = (shape, values);
    }

    /// <summary>Of the pictures that it is subtracted from, after their resize.</summary>
    public Shape Shape { get; }

    /// <summary>Channels × height × width.</summary>
    public ReadOnlySpan<float> Values => values;

    /// <summary>The mean of all pictures of a set, which must be of one size.</summary>
    /// <exception cref="ImageSourceException">Two pictures differ in size.</exception>
    public static MeanImage Of(Dataset dataset, CancellationToken cancellation = default)
    {
        var picture = new ImageBuffer();
        long[] sums = [];
        Shape shape = default;
        for (int i = 0; i < dataset.Count; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            dataset.Read(i, picture);
            var size = new Shape(picture.Channels, picture.Height, picture.Width);
            if (i == 0) (shape, sums) = (size, new long[size.Count]);
            if (size != shape) throw new ImageSourceException($"a mean picture needs pictures of one size: {dataset.NameOf(i)} is {size}, {dataset.NameOf(0)} is {shape}.");
            ReadOnlySpan<byte> pixels = picture.Pixels;
            for (int p = 0; p < pixels.Length; p++) sums[p] += pixels[p];
        }
        // From pixels to planes.
        float[] mean = new float[shape.Count];
        for (int p = 0; p < mean.Length; p++) mean[p % shape.Channels * shape.Plane + p / shape.Channels] = (float)((double)sums[p] / dataset.Count);
        return new MeanImage(shape, mean);
    }

    /// <summary>The same picture with the order of its channels turned round: from red first to blue first.</summary>
    public MeanImage Reversed() => new(Shape, [.. Enumerable.Range(0, Shape.Count).Select(i => values[(Shape.Channels - 1 - i / Shape.Plane) * Shape.Plane + i % Shape.Plane])]);

    /// <summary>A grey mean as one in colour: three equal channels.</summary>
    public MeanImage InColour() => Shape.Channels == 3 ? this : new(Shape with { Channels = 3 }, [.. values, .. values, .. values]);

    /// <summary>The mean of each channel.</summary>
    public BgrMean PerChannel()
    {
        float[] means = new float[Shape.Channels];
        for (int c = 0; c < means.Length; c++)
        {
            double sum = 0;
            foreach (float value in Values.Slice(c * Shape.Plane, Shape.Plane)) sum += value;
            means[c] = (float)(sum / Shape.Plane);
        }
        return means.Length == 3 ? new BgrMean(means[0], means[1], means[2]) : new BgrMean(means[0], means[0], means[0]);
    }
}

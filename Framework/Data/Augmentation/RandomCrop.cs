namespace EvenNet.Framework;

/// <summary>
/// A cut of whole pixels, every place equally likely, as Caffe trains; with <paramref name="Pad"/> also places that reach so far beyond the picture,
/// where values are 0 after the mean is subtracted (He et al. 2016, §4.2: 4 pixels for CIFAR).
/// </summary>
/// <param name="Pad">Pixels beyond each edge.</param>
public sealed record RandomCrop(int Pad = 0) : CropRule
{
    /// <inheritdoc/>
    public override string? Refusal(int width, int height, Shape input) => Fits(width, height, Pad, input);

    /// <inheritdoc/>
    public override void Place(int width, int height, Shape input, bool mirror, RandomSource random, Span<Window> windows)
    {
        int top = random.NextInt(height + 2 * Pad - input.Height + 1) - Pad, left = random.NextInt(width + 2 * Pad - input.Width + 1) - Pad;
        windows[0] = Window.Cut(left, top, input.Width, mirror && Toss(random));
    }
}

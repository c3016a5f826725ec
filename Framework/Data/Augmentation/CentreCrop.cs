namespace EvenNet.Framework;

/// <summary>The middle of the picture, at row (height − input's) / 2 and column (width − input's) / 2, rounded down, as Caffe tests.</summary>
public sealed record CentreCrop : CropRule
{
    /// <inheritdoc/>
    public override string? Refusal(int width, int height, Shape input) => Fits(width, height, pad: 0, input);

    /// <inheritdoc/>
    public override void Place(int width, int height, Shape input, bool mirror, RandomSource random, Span<Window> windows) =>
        windows[0] = Window.Cut((width - input.Width) / 2, (height - input.Height) / 2, input.Width, mirror && Toss(random));
}

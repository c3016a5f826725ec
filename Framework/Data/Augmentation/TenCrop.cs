namespace EvenNet.Framework;

/// <summary>The four corners and the middle, then the same five mirrored (Krizhevsky et al. 2012, §4.1): upper left, upper right, lower left, lower right, centre.</summary>
public sealed record TenCrop : CropRule
{
    /// <inheritdoc/>
    public override int Views => 10;

    /// <inheritdoc/>
    public override string? Refusal(int width, int height, Shape input) => Fits(width, height, pad: 0, input);

    /// <inheritdoc/>
    public override void Place(int width, int height, Shape input, bool mirror, RandomSource random, Span<Window> windows)
    {
        int right = width - input.Width, bottom = height - input.Height;
        ReadOnlySpan<(int Left, int Top)> places = [(0, 0), (right, 0), (0, bottom), (right, bottom), (right / 2, bottom / 2)];
        for (int v = 0; v < Views; v++) windows[v] = Window.Cut(places[v % 5].Left, places[v % 5].Top, input.Width, mirror: v >= 5);
    }
}

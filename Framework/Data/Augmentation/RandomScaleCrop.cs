namespace EvenNet.Framework;

/// <summary>
/// The random scale-and-crop of the VOC experiments of Krähenbühl et al. 2016, by their program: u is uniform between min(least, m) and
/// m = min(most, height / S, width / S), the window is u·S square anywhere inside the picture, and input pixel (x, y) is taken at (left + u·x, top + u·y),
/// mirrored at (left + u·S − u·x, …). A step u within 1/1000 of a whole number starts at a whole pixel unless mirrored. u above 1 shrinks, below 1 enlarges.
/// They test with the same draws.
/// </summary>
/// <param name="Least">Smallest step, in picture pixels an input pixel; pictures smaller than that allow less.</param>
/// <param name="Most">Largest step.</param>
/// <param name="Count">Inputs made from one picture, each with draws of its own: 1 to train, 10 to test.</param>
public sealed record RandomScaleCrop(float Least = 0.5f, float Most = 2, int Count = 1) : CropRule
{
    private const float NearlyWhole = 1e-3f;

    /// <inheritdoc/>
    public override int Views => Count;

    /// <inheritdoc/>
    public override bool IsWhole => false;

    /// <inheritdoc/>
    public override string? Refusal(int width, int height, Shape input) => null;

    /// <inheritdoc/>
    public override void Place(int width, int height, Shape input, bool mirror, RandomSource random, Span<Window> windows)
    {
        foreach (ref Window window in windows)
        {
            float most = MathF.Min(Most, MathF.Min((float)height / input.Height, (float)width / input.Width)), least = MathF.Min(Least, most);
            float step = Uniform(random, least, most), spanX = MathF.Min(input.Width * step, width), spanY = MathF.Min(input.Height * step, height);
            float left = Uniform(random, 0, width - spanX), top = Uniform(random, 0, height - spanY);
            bool isMirrored = mirror && Toss(random);
            if (!isMirrored && MathF.Abs(step - MathF.Round(step)) < NearlyWhole) (left, top) = (MathF.Floor(left + 0.5f), MathF.Floor(top + 0.5f));
            window = isMirrored ? new Window(-step, left + spanX, step, top) : new Window(step, left, step, top);
        }
    }

    private static float Uniform(RandomSource random, float low, float high) => (float)(low + (high - low) * random.NextUniform());
}

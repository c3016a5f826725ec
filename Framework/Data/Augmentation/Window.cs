namespace EvenNet.Framework;

/// <summary>
/// Which part of a picture an input is made from: column x of the input is taken at column StepX · x + OffsetX of the picture, row y at
/// StepY · y + OffsetY, between pixels by bilinear interpolation, beyond the picture nothing. A negative StepX mirrors.
/// </summary>
public readonly record struct Window(float StepX, float OffsetX, float StepY, float OffsetY)
{
    /// <summary>A window of whole pixels, as they are.</summary>
    /// <param name="left">First column.</param>
    /// <param name="top">First row.</param>
    /// <param name="width">Columns.</param>
    /// <param name="mirror">From right to left.</param>
    public static Window Cut(int left, int top, int width, bool mirror) => mirror ? new(-1, left + width - 1, 1, top) : new(1, left, 1, top);

    /// <summary>Every value is one pixel's.</summary>
    public bool IsWhole => MathF.Abs(StepX) == 1 && StepY == 1 && OffsetX == MathF.Floor(OffsetX) && OffsetY == MathF.Floor(OffsetY);
}

namespace EvenNet.Framework;

/// <summary>Where inputs are cut out of a picture: <see cref="CentreCrop"/>, <see cref="RandomCrop"/>, <see cref="TenCrop"/> or <see cref="RandomScaleCrop"/>.</summary>
public abstract record CropRule
{
    /// <summary>Inputs made from one picture.</summary>
    public virtual int Views => 1;

    /// <summary>Whether the cut is of whole pixels and so of the input's size.</summary>
    public virtual bool IsWhole => true;

    /// <summary>Why no cut of this size can be taken from a picture of that size; null where one can.</summary>
    public abstract string? Refusal(int width, int height, Shape input);

    /// <summary>Chooses the windows, one a view.</summary>
    /// <param name="width">Of the picture, in pixels.</param>
    /// <param name="height">Of the picture.</param>
    /// <param name="input">The size of what is made.</param>
    /// <param name="mirror">Each window is mirrored with probability ½.</param>
    /// <param name="random">Draws that belong to this sample alone.</param>
    /// <param name="windows">As many as there are <see cref="Views"/>.</param>
    public abstract void Place(int width, int height, Shape input, bool mirror, RandomSource random, Span<Window> windows);

    /// <summary>True with probability ½.</summary>
    protected static bool Toss(RandomSource random) => random.NextUniform() < 0.5;

    /// <summary>The refusal of rules that take the input's size from the picture.</summary>
    protected static string? Fits(int width, int height, int pad, Shape input) =>
        width + 2L * pad >= input.Width && height + 2L * pad >= input.Height ? null
        : $"a cut of {input.Width}×{input.Height} does not fit into {width}×{height} pixels{(pad > 0 ? $" with {pad} around them" : "")}";
}

namespace EvenNet.Framework;

/// <summary>Height and width of a window, a stride, a padding or a dilation. A single number means both.</summary>
public readonly record struct Extent(int Height, int Width)
{
    /// <summary>A square extent.</summary>
    public static implicit operator Extent(int side) => new(side, side);

    /// <summary>The larger of the two sides.</summary>
    public int Longest => Math.Max(Height, Width);

    /// <summary>«3×3».</summary>
    public override string ToString() => $"{Height}×{Width}";
}

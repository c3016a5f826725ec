namespace EvenNet.Framework;

/// <summary>A box in a picture: the first and last column and row that belong to it, counted from 0.</summary>
public readonly record struct PixelBox(float Left, float Top, float Right, float Bottom)
{
    /// <summary>Columns.</summary>
    public float Width => Right - Left + 1;

    /// <summary>Rows.</summary>
    public float Height => Bottom - Top + 1;
}

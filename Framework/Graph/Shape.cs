namespace EvenNet.Framework;

/// <summary>Size of one sample: channels × height × width. The batch is a run-time matter and never part of it.</summary>
public readonly record struct Shape(int Channels, int Height = 1, int Width = 1)
{
    /// <summary>Positions of one channel: height × width.</summary>
    public int Plane => Height * Width;

    /// <summary>Elements of one sample.</summary>
    public int Count => checked(Channels * Height * Width);

    /// <summary>«96×27×27», or only the channels where height and width are one.</summary>
    public override string ToString() => Height == 1 && Width == 1 ? $"{Channels}" : $"{Channels}×{Height}×{Width}";
}

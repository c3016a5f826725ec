namespace EvenNet.Framework;

/// <summary>A block cut out of the input: some channels, rows and columns that follow one another.</summary>
/// <param name="Size">The block's size.</param>
public sealed record Crop(Shape Size) : Layer
{
    /// <summary>The first channel.</summary>
    public int Channel { get; init; }

    /// <summary>The first row.</summary>
    public int Row { get; init; }

    /// <summary>The first column.</summary>
    public int Column { get; init; }

    /// <inheritdoc/>
    public override Shape Infer(IReadOnlyList<Shape> inputs)
    {
        Shape x = One(inputs);
        Check("channels", Channel, Size.Channels, x.Channels);
        Check("rows", Row, Size.Height, x.Height);
        Check("columns", Column, Size.Width, x.Width);
        return Size;
    }

    private static void Check(string what, int first, int count, int all)
    {
        if (first < 0 || count < 1 || first > all - count) throw Invalid($"{count} {what} from {first} do not lie within the {all} of the input");
    }
}

/// <summary>The fluent face of <see cref="Framework.Crop"/>.</summary>
public static class CropNotation
{
    extension(Node x)
    {
        /// <summary>Some channels that follow one another.</summary>
        public Node Slice(string name, int first, int count) => new(name, new Crop(x.Shape with { Channels = count }) { Channel = first }, x);

        /// <summary>A block of channels, rows and columns.</summary>
        public Node Crop(string name, Shape size, int channel = 0, int row = 0, int column = 0) =>
            new(name, new Crop(size) { Channel = channel, Row = row, Column = column }, x);
    }
}

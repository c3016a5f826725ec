namespace EvenNet.Framework;

/// <summary>
/// Max pooling of regions of interest (Girshick 2015, §2.1): each region's cells of the feature map are divided into Height × Width bins, and each bin
/// yields its largest value. Inputs: the map C×H×W of each picture, and the regions, 5 values each: the picture in the batch, and the first and last
/// column and row (left, top, right, bottom) in pixels, both ends within. A region whose picture is negative is none: it yields zeros and gets no gradient, so that
/// a plan for a fixed number of regions serves pictures that have fewer.
/// </summary>
/// <param name="Height">Bins from top to bottom.</param>
/// <param name="Width">Bins from left to right.</param>
/// <param name="Scale">Cells a pixel: 1/16 for CaffeNet and VGG-16.</param>
public sealed record RoiPooling(int Height, int Width, float Scale) : Layer
{
    // Cells; far beyond every map, and small enough to be added up.
    private const float Farthest = 1 << 24;

    /// <inheritdoc/>
    public override Shape Infer(IReadOnlyList<Shape> inputs)
    {
        if (inputs.Count != 2) throw Invalid($"takes a feature map and regions, got {inputs.Count} inputs");
        if (inputs[1] != new Shape(5)) throw Invalid($"a region is 5 values (picture, left, top, right, bottom), got {inputs[1]}");
        RequirePositive("height", Height);
        RequirePositive("width", Width);
        if (!(Scale > 0 && float.IsFinite(Scale))) throw Invalid($"the scale must be positive, got {Scale}");
        return new Shape(inputs[0].Channels, Height, Width);
    }

    /// <inheritdoc/>
    public override int InferMultiplicity(IReadOnlyList<int> inputs) =>
        inputs[0] == 1 ? inputs[1] : throw Invalid($"its feature map has {inputs[0]} samples a picture; regions of regions are not pooled");

    /// <inheritdoc/>
    public override bool IsDifferentiable(int input) => input == 0;

    /// <summary>
    /// The cells of a region, in single precision as in Girshick's program: corners are rounded, halves away from zero, and both sides are at least one cell.
    /// </summary>
    /// <param name="picture">In the batch; negative for none.</param>
    /// <param name="left">The first column, in pixels.</param>
    /// <param name="top">The first row.</param>
    /// <param name="right">The last column.</param>
    /// <param name="bottom">The last row.</param>
    /// <param name="pictures">In the batch.</param>
    /// <param name="region">Its number, for messages.</param>
    /// <exception cref="LayerException">There is no such picture, or a corner is not finite.</exception>
    public RoiCells Cells(double picture, double left, double top, double right, double bottom, int pictures, int region)
    {
        if (picture < 0) return new RoiCells(-1, 0, 0, 1, 1);
        if (!(picture < pictures && picture == Math.Floor(picture)))
            throw Invalid($"region {region} is of picture {picture}, but the batch holds pictures 0 … {pictures - 1}; a negative one marks a region that is not there");
        if (!(double.IsFinite(left) && double.IsFinite(top) && double.IsFinite(right) && double.IsFinite(bottom)))
            throw Invalid($"region {region} has a corner that is not finite: {left}, {top}, {right}, {bottom}");
        int first = Cell(left), row = Cell(top);
        return new RoiCells((int)picture, row, first, Math.Max(Cell(bottom) - row + 1, 1), Math.Max(Cell(right) - first + 1, 1));
    }

    /// <summary>Rows First … End − 1 of the map lie in the bins of row <paramref name="p"/>; none where End is not greater.</summary>
    public (int First, int End) Rows(in RoiCells cells, int p, int rows) => Bin(cells.Top, cells.Height, p, Height, rows);

    /// <summary>Columns First … End − 1 of the map lie in the bins of column <paramref name="q"/>; none where End is not greater.</summary>
    public (int First, int End) Columns(in RoiCells cells, int q, int columns) => Bin(cells.Left, cells.Width, q, Width, columns);

    private static (int First, int End) Bin(int start, int size, int bin, int bins, int limit)
    {
        float step = (float)size / bins;
        return (Math.Clamp(start + (int)MathF.Floor(bin * step), 0, limit), Math.Clamp(start + (int)MathF.Ceiling((bin + 1) * step), 0, limit));
    }

    private int Cell(double pixel) => (int)Math.Clamp(MathF.Round((float)pixel * Scale, MidpointRounding.AwayFromZero), -Farthest, Farthest);
}

/// <summary>Where a region lies in a feature map: possibly beyond its borders.</summary>
/// <param name="Picture">In the batch; negative for none.</param>
/// <param name="Top">The first row.</param>
/// <param name="Left">The first column.</param>
/// <param name="Height">Rows.</param>
/// <param name="Width">Columns.</param>
public readonly record struct RoiCells(int Picture, int Top, int Left, int Height, int Width);

/// <summary>The fluent face of <see cref="Framework.RoiPooling"/>.</summary>
public static class RoiPoolingNotation
{
    extension(Node x)
    {
        /// <summary>Max pooling of regions: 5 values each, picture, left, top, right, bottom, in pixels.</summary>
        public Node RoiPool(string name, Node regions, int height, int width, float scale) => new(name, new RoiPooling(height, width, scale), x, regions);
    }
}

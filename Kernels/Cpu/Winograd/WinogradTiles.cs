namespace EvenNet.Kernels.Cpu;

/// <summary>The tiles of 4 × 4 pixels that cover all images of a batch, row by row, and where they lie in memory.</summary>
/// <param name="Layout">The images.</param>
/// <param name="First">Row and column of the first tile's first pixel; the next tile's lies 4 further.</param>
/// <param name="Size">Rows and columns that a tile touches: 4, or 6 with the window's reach.</param>
/// <param name="Edge">How far beyond the image it may: the halo where zeros can be read.</param>
/// <param name="High">Tiles in a column.</param>
/// <param name="Wide">Tiles in a row.</param>
internal sealed unsafe record WinogradTiles(HaloLayout Layout, (int H, int W) First, int Size, int Edge, int High, int Wide)
{
    /// <summary>Outputs a tile has in each direction.</summary>
    public const int Step = 4;

    public int PerImage => High * Wide;

    /// <summary>The tiles that cover these rows and columns.</summary>
    public static int Covering(int size) => (size + Step - 1) / Step;

    /// <summary>Fills spots with where the tiles from <paramref name="tile"/> on lie, in plane 0 of their images.</summary>
    public void Locate(int tile, int count, TileSpot* spots)
    {
        int n = tile / PerImage, row = tile % PerImage / Wide, column = tile % Wide;
        for (int i = 0; i < count; i++)
        {
            int h = First.H + row * Step, w = First.W + column * Step;
            spots[i] = new TileSpot(
                n * Layout.Sample + Layout.At(0, h, w), Math.Min(Size, Layout.Height + Edge - h), Math.Min(Size, Layout.Width + Edge - w));
            if (++column < Wide) continue;
            column = 0;
            if (++row < High) continue;
            row = 0;
            n++;
        }
    }
}

using System.Runtime.CompilerServices;

namespace EvenNet.Kernels.Cpu;

/// <summary>The tiles of outputs that cover all images of a batch, row by row, and where they lie in memory.</summary>
/// <param name="Layout">The images.</param>
/// <param name="First">Row and column of the first tile's first pixel.</param>
/// <param name="Step">How much further the next tile's lies.</param>
/// <param name="Size">Rows and columns that a tile touches: as many as its step, or 6 with the window's reach.</param>
/// <param name="Edge">How far beyond the image it may: the halo where zeros can be read.</param>
/// <param name="High">Tiles in a column.</param>
/// <param name="Wide">Tiles in a row.</param>
internal sealed unsafe record WinogradTiles(HaloLayout Layout, (int H, int W) First, int Step, int Size, int Edge, int High, int Wide)
{
    /// <summary>Rows and columns of pixels that a tile's outputs depend on.</summary>
    public const int Reach = 6;

    public int PerImage => High * Wide;

    /// <summary>Outputs of a tile in each direction, for windows of so many taps.</summary>
    public static int StepOf(int window) => Reach + 1 - window;

    /// <summary>The tiles that cover so many rows or columns.</summary>
    public static int Covering(int size, int window) => (size + StepOf(window) - 1) / StepOf(window);

    /// <summary>Asks for a tile's pixels before they are needed.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Fetch(float* first, long row, TileSpot spot)
    {
        for (int k = 0; k < spot.Rows; k++, first += row)
            for (int j = 0; j < spot.Columns; j++) Lane.Prefetch(first + j * HaloLayout.Block);
    }

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

namespace EvenNet.Kernels.Cuda;

/// <summary>How many blocks a launch has, and how many threads a block. Made from sizes alone, never from the device, so that results do not depend on it.</summary>
internal readonly record struct CudaGrid(uint X, uint Y = 1, uint Z = 1, uint BlockX = CudaGrid.Threads, uint BlockY = 1, uint SharedBytes = 0)
{
    /// <summary>Threads of a block where nothing else is said.</summary>
    public const uint Threads = 256;

    // Enough to fill any device; threads go on with elements a grid apart.
    private const long MostBlocks = 1 << 15;
    private const int Tile = 64;
    private const int WarpSize = 32;

    /// <summary>A thread an element, or several where there are very many.</summary>
    public static CudaGrid Elements(long count) => new((uint)Math.Clamp((count + Threads - 1) / Threads, 1, MostBlocks));

    /// <summary>So many blocks.</summary>
    public static CudaGrid Blocks(int count) => new((uint)count);

    /// <summary>A block for each channel, with no more threads than it has elements.</summary>
    public static CudaGrid Channels(int channels, long elements) => new((uint)channels, BlockX: (uint)Math.Clamp((elements + WarpSize - 1) / WarpSize * WarpSize, WarpSize, Threads));

    /// <summary>A warp an item.</summary>
    public static CudaGrid Warps(int count) => new((uint)((count + Threads / WarpSize - 1) / (Threads / WarpSize)));

    /// <summary>A block for each 64 × 64 of a matrix; layers: of several.</summary>
    public static CudaGrid Tiles(int rows, int columns, int layers = 1) => new((uint)((columns + Tile - 1) / Tile), (uint)((rows + Tile - 1) / Tile), (uint)layers);
}

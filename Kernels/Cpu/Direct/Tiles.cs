namespace EvenNet.Kernels.Cpu;

/// <summary>The register tiles by vector width, column blocks and row stride.</summary>
internal static unsafe class Tiles
{
    /// <summary>Tiles by their rows, 1 to <see cref="VectorWidth.TileRows"/>. Strides other than 1, 2, 4, 16 and 32 are read at run time.</summary>
    public static delegate*<TileWork*, void>[] Of(VectorWidth width, int blocks, long stride) =>
        blocks == 1 ? Of<N1>(width, stride) : Of<N2>(width, stride);

    private static delegate*<TileWork*, void>[] Of<TBlocks>(VectorWidth width, long stride) where TBlocks : struct, IConstant => stride switch
    {
        1 => Of<TBlocks, N1>(width),
        2 => Of<TBlocks, N2>(width),
        4 => Of<TBlocks, N4>(width),
        16 => Of<TBlocks, N16>(width),
        32 => Of<TBlocks, N32>(width),
        _ => Of<TBlocks, N0>(width),
    };

    private static delegate*<TileWork*, void>[] Of<TBlocks, TStride>(VectorWidth width)
        where TBlocks : struct, IConstant where TStride : struct, IConstant => width.Bits switch
        {
            512 => Tile512.Table<TBlocks, TStride>(),
            256 => Tile256.Table<TBlocks, TStride>(),
            _ => Tile128.Table<TBlocks, TStride>(),
        };
}

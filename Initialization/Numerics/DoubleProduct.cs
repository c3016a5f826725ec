using System.Numerics;

namespace EvenNet.Initialization;

/// <summary>
/// The matrix product in double, where float32 would lose the small eigenvalues: about a quarter of the speed of a good
/// product in float32. Each element is summed in the order of the depth, whatever the number of threads.
/// </summary>
internal static class DoubleProduct
{
    private const int TileRows = 4, TileVectors = 3, BlockRows = 32, BlockDepth = 256;

    private static int TileColumns => TileVectors * Vector<double>.Count;

    /// <summary>c += scale · a · b with a: m×k, b: k×n, c: m×n, row-major without gaps.</summary>
    public static void Add(
        Arithmetic arithmetic, int m, int n, int k, double scale, ReadOnlyMemory<double> a, ReadOnlyMemory<double> b, Memory<double> c)
    {
        if (m == 0 || n == 0 || k == 0) return;
        int panels = (n + TileColumns - 1) / TileColumns;
        double[] packed = new double[panels * TileColumns * Math.Min(k, BlockDepth)];
        for (int start = 0; start < k; start += BlockDepth)
        {
            int first = start, depth = Math.Min(BlockDepth, k - start);
            arithmetic.For(panels, panel => PackColumns(
                b.Span[(first * n)..], n, panel * TileColumns, depth, packed.AsSpan(panel * TileColumns * depth, TileColumns * depth)));
            arithmetic.For((m + BlockRows - 1) / BlockRows, block =>
            {
                int row = block * BlockRows, rows = Math.Min(BlockRows, m - row);
                AddRows(rows, n, depth, scale, a.Span[(row * k + first)..], k, packed, c.Span.Slice(row * n, rows * n));
            });
        }
    }

    /// <summary>a: rows×columns, returned as columns×rows.</summary>
    public static double[] Transpose(ReadOnlySpan<double> a, int rows, int columns)
    {
        const int block = 16;
        double[] transposed = new double[rows * columns];
        for (int i = 0; i < rows; i += block)
            for (int j = 0; j < columns; j += block)
                for (int r = i; r < Math.Min(i + block, rows); r++)
                    for (int c = j; c < Math.Min(j + block, columns); c++) transposed[c * rows + r] = a[r * columns + c];
        return transposed;
    }

    // Columns first … first + TileColumns − 1 of b, depth×n, one row of the panel after the other; zeros beyond column n.
    private static void PackColumns(ReadOnlySpan<double> b, int n, int first, int depth, Span<double> panel)
    {
        int columns = Math.Min(TileColumns, n - first);
        for (int p = 0; p < depth; p++)
        {
            Span<double> row = panel.Slice(p * TileColumns, TileColumns);
            b.Slice(p * n + first, columns).CopyTo(row);
            row[columns..].Clear();
        }
    }

    private static void AddRows(
        int rows, int n, int depth, double scale, ReadOnlySpan<double> a, int stride, ReadOnlySpan<double> packedB, Span<double> c)
    {
        int tiles = (rows + TileRows - 1) / TileRows;
        Span<double> packedA = stackalloc double[BlockRows * BlockDepth], sums = stackalloc double[TileRows * TileColumns];
        for (int r = 0; r < tiles * TileRows; r++)
        {
            Span<double> tile = packedA[(r / TileRows * TileRows * depth)..];
            for (int p = 0; p < depth; p++) tile[p * TileRows + r % TileRows] = r < rows ? scale * a[r * stride + p] : 0;
        }

        for (int column = 0; column < n; column += TileColumns)
        {
            ReadOnlySpan<double> panel = packedB.Slice(column * depth, TileColumns * depth);
            int columns = Math.Min(TileColumns, n - column);
            for (int tile = 0; tile < tiles; tile++)
            {
                Multiply(packedA.Slice(tile * TileRows * depth, TileRows * depth), panel, sums);
                for (int r = tile * TileRows; r < Math.Min(rows, (tile + 1) * TileRows); r++)
                {
                    Span<double> target = c.Slice(r * n + column, columns);
                    ReadOnlySpan<double> sum = sums.Slice(r % TileRows * TileColumns, columns);
                    for (int j = 0; j < columns; j++) target[j] += sum[j];
                }
            }
        }
    }

    // Four rows of three vectors stay in registers for the whole depth; panels are padded, so there is no tail.
    private static void Multiply(ReadOnlySpan<double> a, ReadOnlySpan<double> b, Span<double> sums)
    {
        int width = Vector<double>.Count;
        Vector<double> s00 = default, s01 = default, s02 = default, s10 = default, s11 = default, s12 = default;
        Vector<double> s20 = default, s21 = default, s22 = default, s30 = default, s31 = default, s32 = default;
        while (a.Length >= TileRows)
        {
            Vector<double> b0 = new(b), b1 = new(b[width..]), b2 = new(b[(2 * width)..]);
            Vector<double> x = new(a[0]);
            s00 = Vector.MultiplyAddEstimate(x, b0, s00);
            s01 = Vector.MultiplyAddEstimate(x, b1, s01);
            s02 = Vector.MultiplyAddEstimate(x, b2, s02);
            x = new(a[1]);
            s10 = Vector.MultiplyAddEstimate(x, b0, s10);
            s11 = Vector.MultiplyAddEstimate(x, b1, s11);
            s12 = Vector.MultiplyAddEstimate(x, b2, s12);
            x = new(a[2]);
            s20 = Vector.MultiplyAddEstimate(x, b0, s20);
            s21 = Vector.MultiplyAddEstimate(x, b1, s21);
            s22 = Vector.MultiplyAddEstimate(x, b2, s22);
            x = new(a[3]);
            s30 = Vector.MultiplyAddEstimate(x, b0, s30);
            s31 = Vector.MultiplyAddEstimate(x, b1, s31);
            s32 = Vector.MultiplyAddEstimate(x, b2, s32);
            a = a[TileRows..];
            b = b[(TileVectors * width)..];
        }

        s00.CopyTo(sums);
        s01.CopyTo(sums[width..]);
        s02.CopyTo(sums[(2 * width)..]);
        s10.CopyTo(sums[(3 * width)..]);
        s11.CopyTo(sums[(4 * width)..]);
        s12.CopyTo(sums[(5 * width)..]);
        s20.CopyTo(sums[(6 * width)..]);
        s21.CopyTo(sums[(7 * width)..]);
        s22.CopyTo(sums[(8 * width)..]);
        s30.CopyTo(sums[(9 * width)..]);
        s31.CopyTo(sums[(10 * width)..]);
        s32.CopyTo(sums[(11 * width)..]);
    }
}

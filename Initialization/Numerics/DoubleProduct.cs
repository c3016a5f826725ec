using System.Buffers;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace EvenNet.Initialization;

/// <summary>
/// The matrix product in double, where float32 would lose the small eigenvalues: about a quarter of the speed of a good
/// product in float32. Each element is summed in the order of the depth, whatever the number of threads.
/// </summary>
internal static class DoubleProduct
{
    private const int MostTileRows = 8, TileVectors = 3, BlockRows = 32, BlockDepth = 256;

    // With registers of 512 bits there are 32 of them, else 16.
    private static int TileRows => Vector512.IsHardwareAccelerated ? 8 : 4;

    private static int TileColumns => TileVectors * (Vector512.IsHardwareAccelerated ? Vector512<double>.Count : Vector<double>.Count);

    /// <summary>c += scale · a · b with a: m×k, b: k×n, or n×k when it is given transposed, c: m×n, row-major without gaps.</summary>
    public static void Add(
        Arithmetic arithmetic, int m, int n, int k, double scale, ReadOnlyMemory<double> a, ReadOnlyMemory<double> b, Memory<double> c, bool transposeB = false)
    {
        if (m == 0 || n == 0 || k == 0) return;
        int panels = (n + TileColumns - 1) / TileColumns;
        double[] packed = ArrayPool<double>.Shared.Rent(panels * TileColumns * Math.Min(k, BlockDepth));
        for (int start = 0; start < k; start += BlockDepth)
        {
            int first = start, depth = Math.Min(BlockDepth, k - start);
            arithmetic.For(panels, panel =>
            {
                Span<double> to = packed.AsSpan(panel * TileColumns * depth, TileColumns * depth);
                int column = panel * TileColumns, columns = Math.Min(TileColumns, n - column);
                if (transposeB) PackRows(b.Span[(column * k + first)..], k, columns, depth, to);
                else PackColumns(b.Span[(first * n + column)..], n, columns, depth, to);
            });
            arithmetic.For((m + BlockRows - 1) / BlockRows, block =>
            {
                int row = block * BlockRows, rows = Math.Min(BlockRows, m - row);
                AddRows(rows, n, depth, scale, a.Span[(row * k + first)..], k, packed, c.Span.Slice(row * n, rows * n));
            });
        }
        ArrayPool<double>.Shared.Return(packed);
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

    // Some columns of b, depth×n, one row of the panel after the other; zeros in the columns that are missing.
    private static void PackColumns(ReadOnlySpan<double> b, int n, int columns, int depth, Span<double> panel)
    {
        for (int p = 0; p < depth; p++)
        {
            Span<double> row = panel.Slice(p * TileColumns, TileColumns);
            b.Slice(p * n, columns).CopyTo(row);
            row[columns..].Clear();
        }
    }

    // The same from rows of b's transpose, n×k.
    private static void PackRows(ReadOnlySpan<double> b, int k, int columns, int depth, Span<double> panel)
    {
        if (columns < TileColumns) panel.Clear();
        for (int j = 0; j < columns; j++)
        {
            ReadOnlySpan<double> row = b.Slice(j * k, depth);
            for (int p = 0, at = j; p < row.Length; p++, at += TileColumns) panel[at] = row[p];
        }
    }

    private static void AddRows(
        int rows, int n, int depth, double scale, ReadOnlySpan<double> a, int stride, ReadOnlySpan<double> packedB, Span<double> c)
    {
        int tiles = (rows + TileRows - 1) / TileRows;
        Span<double> packedA = stackalloc double[BlockRows * BlockDepth], part = stackalloc double[MostTileRows * TileColumns];
        for (int r = 0; r < tiles * TileRows; r++)
        {
            Span<double> tile = packedA[(r / TileRows * TileRows * depth)..];
            if (r >= rows)
            {
                for (int p = 0; p < depth; p++) tile[p * TileRows + r % TileRows] = 0;
                continue;
            }
            ReadOnlySpan<double> from = a.Slice(r * stride, depth);
            for (int p = 0, at = r % TileRows; p < from.Length; p++, at += TileRows) tile[at] = scale * from[p];
        }

        for (int column = 0; column < n; column += TileColumns)
        {
            ReadOnlySpan<double> panel = packedB.Slice(column * depth, TileColumns * depth);
            int columns = Math.Min(TileColumns, n - column);
            for (int first = 0; first < rows; first += TileRows)
            {
                ReadOnlySpan<double> rowsOfA = packedA.Slice(first * depth, TileRows * depth);
                Span<double> target = c[(first * n + column)..];
                if (columns == TileColumns && first + TileRows <= rows)
                {
                    Multiply(rowsOfA, panel, target, n);
                    continue;
                }
                part.Clear();
                Multiply(rowsOfA, panel, part, TileColumns);
                for (int r = 0; r < Math.Min(TileRows, rows - first); r++) VectorMath.Add(part.Slice(r * TileColumns, columns), target.Slice(r * n, columns));
            }
        }
    }

    private static void Multiply(ReadOnlySpan<double> a, ReadOnlySpan<double> b, Span<double> c, int stride)
    {
        if (Vector512.IsHardwareAccelerated) MultiplyEight(a, b, c, stride);
        else MultiplyFour(a, b, c, stride);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(Vector512<double> sum0, Vector512<double> sum1, Vector512<double> sum2, Span<double> c)
    {
        c = c[..24];
        (Vector512.Create<double>(c) + sum0).CopyTo(c);
        (Vector512.Create<double>(c[8..]) + sum1).CopyTo(c[8..]);
        (Vector512.Create<double>(c[16..]) + sum2).CopyTo(c[16..]);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(Vector<double> sum0, Vector<double> sum1, Vector<double> sum2, Span<double> c)
    {
        int width = Vector<double>.Count;
        (new Vector<double>(c) + sum0).CopyTo(c);
        (new Vector<double>(c[width..]) + sum1).CopyTo(c[width..]);
        (new Vector<double>(c[(2 * width)..]) + sum2).CopyTo(c[(2 * width)..]);
    }

    // Eight rows of three vectors: 24 sums, three vectors of b and a broadcast of a.
    private static void MultiplyEight(ReadOnlySpan<double> a, ReadOnlySpan<double> b, Span<double> c, int stride)
    {
        int width = Vector512<double>.Count;
        Vector512<double> s00 = default, s01 = default, s02 = default, s10 = default, s11 = default, s12 = default;
        Vector512<double> s20 = default, s21 = default, s22 = default, s30 = default, s31 = default, s32 = default;
        Vector512<double> s40 = default, s41 = default, s42 = default, s50 = default, s51 = default, s52 = default;
        Vector512<double> s60 = default, s61 = default, s62 = default, s70 = default, s71 = default, s72 = default;
        while (a.Length >= 8)
        {
            Vector512<double> b0 = Vector512.Create(b), b1 = Vector512.Create(b[width..]), b2 = Vector512.Create(b[(2 * width)..]), x;
            x = Vector512.Create(a[0]);
            s00 = Vector512.MultiplyAddEstimate(x, b0, s00);
            s01 = Vector512.MultiplyAddEstimate(x, b1, s01);
            s02 = Vector512.MultiplyAddEstimate(x, b2, s02);
            x = Vector512.Create(a[1]);
            s10 = Vector512.MultiplyAddEstimate(x, b0, s10);
            s11 = Vector512.MultiplyAddEstimate(x, b1, s11);
            s12 = Vector512.MultiplyAddEstimate(x, b2, s12);
            x = Vector512.Create(a[2]);
            s20 = Vector512.MultiplyAddEstimate(x, b0, s20);
            s21 = Vector512.MultiplyAddEstimate(x, b1, s21);
            s22 = Vector512.MultiplyAddEstimate(x, b2, s22);
            x = Vector512.Create(a[3]);
            s30 = Vector512.MultiplyAddEstimate(x, b0, s30);
            s31 = Vector512.MultiplyAddEstimate(x, b1, s31);
            s32 = Vector512.MultiplyAddEstimate(x, b2, s32);
            x = Vector512.Create(a[4]);
            s40 = Vector512.MultiplyAddEstimate(x, b0, s40);
            s41 = Vector512.MultiplyAddEstimate(x, b1, s41);
            s42 = Vector512.MultiplyAddEstimate(x, b2, s42);
            x = Vector512.Create(a[5]);
            s50 = Vector512.MultiplyAddEstimate(x, b0, s50);
            s51 = Vector512.MultiplyAddEstimate(x, b1, s51);
            s52 = Vector512.MultiplyAddEstimate(x, b2, s52);
            x = Vector512.Create(a[6]);
            s60 = Vector512.MultiplyAddEstimate(x, b0, s60);
            s61 = Vector512.MultiplyAddEstimate(x, b1, s61);
            s62 = Vector512.MultiplyAddEstimate(x, b2, s62);
            x = Vector512.Create(a[7]);
            s70 = Vector512.MultiplyAddEstimate(x, b0, s70);
            s71 = Vector512.MultiplyAddEstimate(x, b1, s71);
            s72 = Vector512.MultiplyAddEstimate(x, b2, s72);
            a = a[8..];
            b = b[(TileVectors * width)..];
        }

        Add(s00, s01, s02, c);
        Add(s10, s11, s12, c[stride..]);
        Add(s20, s21, s22, c[(2 * stride)..]);
        Add(s30, s31, s32, c[(3 * stride)..]);
        Add(s40, s41, s42, c[(4 * stride)..]);
        Add(s50, s51, s52, c[(5 * stride)..]);
        Add(s60, s61, s62, c[(6 * stride)..]);
        Add(s70, s71, s72, c[(7 * stride)..]);
    }

    // Four rows of three vectors stay in registers for the whole depth; panels are padded, so there is no tail.
    private static void MultiplyFour(ReadOnlySpan<double> a, ReadOnlySpan<double> b, Span<double> c, int stride)
    {
        int width = Vector<double>.Count;
        Vector<double> s00 = default, s01 = default, s02 = default, s10 = default, s11 = default, s12 = default;
        Vector<double> s20 = default, s21 = default, s22 = default, s30 = default, s31 = default, s32 = default;
        while (a.Length >= 4)
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
            a = a[4..];
            b = b[(TileVectors * width)..];
        }

        Add(s00, s01, s02, c);
        Add(s10, s11, s12, c[stride..]);
        Add(s20, s21, s22, c[(2 * stride)..]);
        Add(s30, s31, s32, c[(3 * stride)..]);
    }
}

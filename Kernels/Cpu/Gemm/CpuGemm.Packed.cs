using System.Runtime.CompilerServices;

namespace EvenNet.Kernels.Cpu;

/// <summary>
/// Large shapes, after Goto and van de Geijn (2008) and BLIS: k is cut into blocks, and of each block both operands are copied into
/// panels that the register tile reads in order. A panel of A stays in the first cache, a block of B's panels in the second;
/// tiles follow each other along the rows of C. Blocks of k are added to C in order, so that threads change no bit.
/// </summary>
internal sealed unsafe partial class CpuGemm
{
    private const int MostDepth = 256, MostRows = 2016, MostColumns = 3072;

    // Each panel ends in room for what a transposing store writes past it.
    private const int PanelSlack = 16;

    // A block of tiles is one task: 168 rows of panels come from the third cache, 512 columns (512 KiB) stay in the second.
    private const int BlockRows = 168, BlockColumns = 512;

    private const int PanelsPerPackTask = 8;

    private readonly CpuMemory memoryA, memoryB;
    private readonly float* panelsA, panelsB;
    private nint panelA, panelB;
    private int tileRows, rowPanels, columnPanels, firstColumn, firstRow, firstStep, depth, packTasksA, blockRowPanels, blockColumnPanels;

    /// <summary>Room for panels of so many rows or columns.</summary>
    private static long PanelFloats(int most, int width) => (most / width + 1) * (width * (long)MostDepth + PanelSlack + 16);

    private void MultiplyPacked()
    {
        // Equal panels rather than full ones and a rest: 33 rows are 3 × 11.
        tileRows = Parts(m, Parts(m, tiles.Rows));
        int rows = MostRows / tiles.Rows * tileRows, columns = MostColumns / tiles.Columns * tiles.Columns;
        int steps = EvenPart(k, MostDepth, unit: 16);
        bool wasAccumulate = accumulate;
        for (firstColumn = 0; firstColumn < n; firstColumn += columns)
        {
            accumulate = wasAccumulate;
            columnPanels = Parts(Math.Min(columns, n - firstColumn), tiles.Columns);
            for (firstStep = 0; firstStep < k; firstStep += steps, accumulate = true)
            {
                depth = Math.Min(steps, k - firstStep);
                panelA = Parts(tileRows * depth + PanelSlack, 16) * 16;
                panelB = Parts(tiles.Columns * depth + PanelSlack, 16) * 16;
                for (firstRow = 0; firstRow < m; firstRow += rows)
                {
                    rowPanels = Parts(Math.Min(rows, m - firstRow), tileRows);
                    packTasksA = Parts(rowPanels, PanelsPerPackTask);
                    threads.For(packTasksA + (firstRow == 0 ? Parts(columnPanels, PanelsPerPackTask) : 0), pack);
                    CutBlocks();
                    threads.For(Parts(rowPanels, blockRowPanels) * Parts(columnPanels, blockColumnPanels), multiply);
                }
            }
        }
    }

    /// <summary>Blocks as large as the caches like, halved until every thread has several.</summary>
    private void CutBlocks()
    {
        blockRowPanels = Math.Max(1, Math.Min(rowPanels, BlockRows / tileRows));
        blockColumnPanels = Math.Max(1, Math.Min(columnPanels, BlockColumns / tiles.Columns));
        if (threads.Count == 1) return;
        while (Parts(rowPanels, blockRowPanels) * Parts(columnPanels, blockColumnPanels) < 6 * threads.Count && blockRowPanels * blockColumnPanels > 4)
        {
            if (blockColumnPanels >= blockRowPanels) blockColumnPanels = (blockColumnPanels + 1) / 2;
            else blockRowPanels = (blockRowPanels + 1) / 2;
        }
    }

    private void Pack(int worker, int task)
    {
        if (task < packTasksA)
        {
            int first = task * PanelsPerPackTask, end = Math.Min(first + PanelsPerPackTask, rowPanels);
            int i = firstRow + first * tileRows;
            Pack(a + i * aRow + firstStep * aStep, aRow, aStep, Math.Min((end - first) * tileRows, m - i), tileRows, depth, panelsA + first * panelA, panelA);
        }
        else
        {
            int first = (task - packTasksA) * PanelsPerPackTask, end = Math.Min(first + PanelsPerPackTask, columnPanels);
            int j = firstColumn + first * tiles.Columns, columns = Math.Min((end - first) * tiles.Columns, n - j);
            Pack(b + j * bColumn + firstStep * bStep, bColumn, bStep, columns, tiles.Columns, depth, panelsB + first * panelB, panelB);
        }
    }

    /// <summary>Panels of width neighbours each, from count of them; the last one is filled up with zeros.</summary>
    private void Pack(float* source, nint across, nint along, int count, int width, nint length, float* panels, nint panel)
    {
        if (along != 1)
        {
            GemmTiles.Copy(source, along, count, width, length, panels, panel);
            return;
        }
        for (; count > 0; count -= width, source += width * across, panels += panel)
            tiles.Transpose(source, across, Math.Min(width, count), width, length, panels);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void MultiplyBlock(int worker, int task)
    {
        int acrossBlocks = Parts(columnPanels, blockColumnPanels), columns = tiles.Columns;
        int p0 = task / acrossBlocks * blockRowPanels, p1 = Math.Min(p0 + blockRowPanels, rowPanels);
        int q0 = task % acrossBlocks * blockColumnPanels, q1 = Math.Min(q0 + blockColumnPanels, columnPanels);
        for (int p = p0; p < p1; p++)
        {
            int i = firstRow + p * tileRows, rows = Math.Min(tileRows, m - i);
            for (int q = q0; q < q1; q++)
            {
                int j = firstColumn + q * columns, filled = Math.Min(columns, n - j);
                float* tile = c + i * cRow + j;
                if (rows == tileRows && filled == columns)
                {
                    for (int r = 0; r < rows; r++) GemmTiles.Prefetch(tile + r * cRow, columns);
                    tiles.Multiply(tileRows, depth, panelsA + p * panelA, panelsB + q * panelB, tile, cRow, alpha, accumulate, tile, 0);
                }
                else
                {
                    float* whole = Scratch(worker);
                    tiles.Multiply(tileRows, depth, panelsA + p * panelA, panelsB + q * panelB, whole, columns, alpha, accumulate: false, whole, 0);
                    Put(whole, columns, rows, filled, tile, accumulate);
                }
            }
        }
    }

    /// <summary>Moves the part of a tile that lies inside C.</summary>
    private void Put(float* tile, nint tileRow, int rows, int columns, float* to, bool accumulate)
    {
        for (; rows > 0; rows--, tile += tileRow, to += cRow)
        {
            for (int j = 0; j < columns; j++) to[j] = accumulate ? to[j] + tile[j] : tile[j];
        }
    }
}

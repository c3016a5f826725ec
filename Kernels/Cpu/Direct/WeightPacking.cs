using System.Runtime.Intrinsics;

namespace EvenNet.Kernels.Cpu;

/// <summary>Between rows of weights as parameters hold them and the tiles' order, in which 16 rows lie side by side.</summary>
internal static unsafe class WeightPacking
{
    /// <summary>packed[offsets[j] + i] = scale · source[i, j] for 16 rows i; rows from <paramref name="rows"/> on are zero.</summary>
    public static void Pack(float* source, long sourceRow, int rows, int columns, long* offsets, float scale, float* packed)
    {
        if (rows < HaloLayout.Block)
        {
            for (int j = 0; j < columns; j++)
                for (int i = 0; i < HaloLayout.Block; i++)
                    packed[offsets[j] + i] = i < rows ? scale * source[i * sourceRow + j] : 0;
            return;
        }
        int column = 0;
        for (; column + 4 <= columns; column += 4)
        {
            float* to0 = packed + offsets[column], to1 = packed + offsets[column + 1], to2 = packed + offsets[column + 2], to3 = packed + offsets[column + 3];
            float* from = source + column;
            for (int i = 0; i < HaloLayout.Block; i += 4, from += 4 * sourceRow)
            {
                var (c0, c1, c2, c3) = Lane.Transpose(
                    Vector128.Load(from), Vector128.Load(from + sourceRow), Vector128.Load(from + 2 * sourceRow), Vector128.Load(from + 3 * sourceRow));
                (c0 * scale).Store(to0 + i);
                (c1 * scale).Store(to1 + i);
                (c2 * scale).Store(to2 + i);
                (c3 * scale).Store(to3 + i);
            }
        }
        for (; column < columns; column++)
        {
            float* to = packed + offsets[column], from = source + column;
            for (int i = 0; i < HaloLayout.Block; i += 4, from += 4 * sourceRow)
                (Vector128.Create(from[0], from[sourceRow], from[2 * sourceRow], from[3 * sourceRow]) * scale).Store(to + i);
        }
    }

    /// <summary>target[i, j] += scale · packed[offsets[j] + i] for the first <paramref name="rows"/> of 16 rows i.</summary>
    public static void AddUnpacked(float* packed, long* offsets, float scale, int rows, int columns, float* target, long targetRow)
    {
        int j = 0;
        for (; j + 4 <= columns; j += 4)
        {
            float* p0 = packed + offsets[j], p1 = packed + offsets[j + 1], p2 = packed + offsets[j + 2], p3 = packed + offsets[j + 3];
            float* to = target + j;
            int i = 0;
            for (; i + 4 <= rows; i += 4, to += 4 * targetRow)
            {
                var (r0, r1, r2, r3) = Lane.Transpose(Vector128.Load(p0 + i), Vector128.Load(p1 + i), Vector128.Load(p2 + i), Vector128.Load(p3 + i));
                (Vector128.Load(to) + r0 * scale).Store(to);
                (Vector128.Load(to + targetRow) + r1 * scale).Store(to + targetRow);
                (Vector128.Load(to + 2 * targetRow) + r2 * scale).Store(to + 2 * targetRow);
                (Vector128.Load(to + 3 * targetRow) + r3 * scale).Store(to + 3 * targetRow);
            }
            for (; i < rows; i++, to += targetRow)
                (Vector128.Load(to) + Vector128.Create(p0[i], p1[i], p2[i], p3[i]) * scale).Store(to);
        }
        for (; j < columns; j++)
            for (int i = 0; i < rows; i++)
                target[i * targetRow + j] += scale * packed[offsets[j] + i];
    }
}

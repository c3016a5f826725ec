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
        for (int j = 0; j < columns; j++)
        {
            float* to = packed + offsets[j], from = source + j;
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
            for (int i = 0; i < rows; i++, to += targetRow)
                (Vector128.Load(to) + Vector128.Create(p0[i], p1[i], p2[i], p3[i]) * scale).Store(to);
        }
        for (; j < columns; j++)
            for (int i = 0; i < rows; i++)
                target[i * targetRow + j] += scale * packed[offsets[j] + i];
    }
}

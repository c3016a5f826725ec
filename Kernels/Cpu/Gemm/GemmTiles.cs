using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace EvenNet.Kernels.Cpu;

/// <summary>
/// The register tiles of the matrix product for one vector width: the packed tile for large shapes, two tiles for a few samples against
/// a large matrix that is read in place, and the packing. All distances are in floats; no pointer need be aligned.
/// </summary>
internal abstract unsafe class GemmTiles
{
    /// <summary>Rows of the large matrix that <see cref="Dots"/> and <see cref="Combine"/> read at once.</summary>
    public const int Streams = 6;

    /// <summary>Floats in a vector.</summary>
    public abstract int Lanes { get; }

    /// <summary>Most rows of the packed tile.</summary>
    public abstract int Rows { get; }

    /// <summary>Columns of the packed tile.</summary>
    public abstract int Columns { get; }

    /// <summary>Most samples that <see cref="Dots"/> and <see cref="Combine"/> take at once.</summary>
    public abstract int Samples { get; }

    public static GemmTiles For(VectorWidth width) => width.Bits switch
    {
        512 => new GemmTilesAvx512(),
        256 => new GemmTilesAvx2(),
        _ => new GemmTilesPortable(),
    };

    /// <summary>
    /// c[i, j] = scale · Σ_k a[k · rows + i] · b[k · Columns + j], added to c when accumulating; all Columns columns.
    /// Meanwhile depth rows of Columns floats of memory, from ahead on and aheadRow apart, are fetched.
    /// </summary>
    public abstract void Multiply(
        int rows, nint depth, float* a, float* b, float* c, nint cRow, float scale, bool accumulate, float* ahead, nint aheadRow);

    /// <summary>
    /// sums[s · Streams + r] = Σ_k a[s · aRow + k] · b[r · bRow + k] for the first samples rows of a and streams rows of b,
    /// over the whole vectors in depth. Meanwhile three rows of memory, from ahead on and aheadRow apart, are fetched.
    /// </summary>
    public abstract void Dots(
        int samples, int streams, nint depth, float* a, nint aRow, float* b, nint bRow, float* ahead, nint aheadRow, float* sums);

    /// <summary>
    /// c[s, j] += Σ_r factors[s · Streams + r] · rows[r][j], over the whole vectors in columns. There are Samples · Streams factors.
    /// Meanwhile three rows of memory, from ahead on and aheadRow apart, are fetched.
    /// </summary>
    public abstract void Combine(
        int samples, nint columns, float* factors, float** rows, float* ahead, nint aheadRow, float* c, nint cRow);

    /// <summary>panel[k · width + i] = source[i · row + k] for i &lt; filled, 0 for the rest. May write up to <see cref="Lanes"/> floats past the panel.</summary>
    public abstract void Transpose(float* source, nint row, int filled, int width, nint depth, float* panel);

    /// <summary>panel p [k · width + i] = source[k · step + p · width + i] for the columns that there are, 0 for the rest of the last panel.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Copy(float* source, nint step, int columns, int width, nint depth, float* panels, nint panel)
    {
        // Row by row, since memory likes long runs; and the rows to come are asked for early.
        int whole = columns / width;
        for (nint k = 0; k < depth; k++, source += step, panels += width)
        {
            float* to = panels, from = source;
            Prefetch(source + 4 * step, columns);
            for (int p = whole; p > 0; p--, from += width, to += panel) Copy(from, width, to);
            if (whole * width == columns) continue;
            for (int i = 0; i < width; i++) to[i] = i < columns - whole * width ? from[i] : 0;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Copy(float* from, int width, float* to)
    {
        if (width >= 8)
        {
            for (int i = 0; i < width - 8; i += 8) Vector256.Load(from + i).Store(to + i);
            Vector256.Load(from + width - 8).Store(to + width - 8);
        }
        else if (width >= 4)
        {
            Vector128.Load(from).Store(to);
            Vector128.Load(from + width - 4).Store(to + width - 4);
        }
        else
        {
            for (int i = 0; i < width; i++) to[i] = from[i];
        }
    }

    /// <summary>Asks the second cache for three lines that will be wanted soon, but not next.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    protected static void Fetch(float* line, nint row)
    {
        if (!Sse.IsSupported) return;
        Sse.Prefetch1(line);
        Sse.Prefetch1(line + row);
        Sse.Prefetch1(line + 2 * row);
    }

    /// <summary>Asks the second cache for a short run of floats.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    protected static void FetchRow(float* run, int floats)
    {
        if (!Sse.IsSupported) return;
        Sse.Prefetch1(run);
        if (floats > 16) Sse.Prefetch1(run + 16);
    }

    /// <summary>The end of a transposition that vectors did not reach.</summary>
    protected static void TransposeRest(float* source, nint row, int filled, int width, nint depth, float* panel)
    {
        for (; depth > 0; depth--, source++, panel += width)
        {
            for (int i = 0; i < width; i++) panel[i] = i < filled ? source[i * row] : 0;
        }
    }

    /// <summary>Asks for the cache lines of a run of floats that is about to be read or written.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Prefetch(float* run, nint length)
    {
        if (!Sse.IsSupported) return;
        for (nint j = 0; j < length; j += 16) Sse.Prefetch0(run + j);
    }
}

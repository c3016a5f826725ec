using System.Diagnostics;

namespace EvenNet.Kernels.Cpu;

/// <summary>
/// C = α · op(A) · op(B), or that added to C, for row-major float32 matrices of any size and alignment. op(A) is m × k, op(B) k × n.
/// The result depends on the shape, the vector width and the values only: any number of threads gives the same bits.
/// An instance owns its scratch and serves one call at a time; it must not be used from inside a task of its own threads.
/// </summary>
internal sealed unsafe partial class CpuGemm : IDisposable
{
    private readonly Threads threads;
    private readonly GemmTiles tiles;
    private readonly Action<int, int> pack, multiply, dotRows, combineColumns;

    // The call in progress. aStep and bStep are the distances between neighbours along k; aRow and bColumn those across.
    private float* a, b, c;
    private nint aRow, aStep, bStep, bColumn, cRow;
    private int m, n, k;
    private float alpha;
    private bool accumulate;

    /// <summary>Product on these threads, which must outlive it, with tiles of this width.</summary>
    public CpuGemm(Threads threads, VectorWidth width)
    {
        this.threads = threads;
        tiles = GemmTiles.For(width);
        pack = Pack;
        multiply = MultiplyBlock;
        dotRows = DotRows;
        combineColumns = CombineColumns;
        memoryA = new CpuMemory(PanelFloats(MostRows, tiles.Rows));
        memoryB = new CpuMemory(PanelFloats(MostColumns, tiles.Columns));
        panelsA = memoryA.Pointer;
        panelsB = memoryB.Pointer;
        workers = new CpuMemory((long)threads.Count * ScratchFloats);
    }

    /// <summary>
    /// C[m×n] = alpha · op(A) · op(B), added to C when <paramref name="accumulate"/>; otherwise C is only written. A is m × k with rows
    /// <paramref name="lda"/> floats apart, or k × m when <paramref name="transposeA"/>; B is k × n, or n × k. C may overlap neither.
    /// </summary>
    public void Multiply(
        bool transposeA, bool transposeB, int m, int n, int k,
        float alpha, float* a, nint lda, float* b, nint ldb, bool accumulate, float* c, nint ldc)
    {
        Debug.Assert(m >= 0 && n >= 0 && k >= 0 && ldc >= n && lda >= (transposeA ? m : k) && ldb >= (transposeB ? k : n));
        if (m == 0 || n == 0) return;
        if (k == 0 || alpha == 0)
        {
            if (!accumulate) Clear(c, ldc, m, n);
            return;
        }

        (this.m, this.n, this.k, this.alpha, this.accumulate) = (m, n, k, alpha, accumulate);
        this.a = a;
        this.b = b;
        this.c = c;
        cRow = ldc;
        (aRow, aStep) = transposeA ? (1, lda) : (lda, (nint)1);
        (bColumn, bStep) = transposeB ? (ldb, (nint)1) : (1, ldb);

        if (aStep == 1 && bStep == 1 && DotProductsWin) DotProducts();
        else if (bColumn == 1 && CombinationsWin) CombineRows();
        else MultiplyPacked();
    }

    /// <summary>Frees the scratch.</summary>
    public void Dispose()
    {
        memoryA.Dispose();
        memoryB.Dispose();
        workers.Dispose();
    }

    // Few rows against a large B, as in a fully connected layer: packing it would double the memory traffic. A B that a cache holds is
    // packed in no time, but for a handful of rows the packed tile stays half empty. The numbers are where the times crossed.
    private bool IsLarge => (long)n * k >= 1 << 20;

    private bool DotProductsWin => m <= 64 && (k >= 32 * m || (IsLarge && k >= 512));

    // A sum over very many rows of B would lose precision, being one long chain.
    private bool CombinationsWin => k <= 16384 && (m <= 2 || (m <= 4 && k >= 64) || (IsLarge && m <= 24 && k >= 256));

    private static void Clear(float* c, nint row, int m, int n)
    {
        for (int i = 0; i < m; i++) new Span<float>(c + i * row, n).Clear();
    }

    private static int Parts(int count, int size) => (int)(((long)count + size - 1) / size);

    /// <summary>The size of equal parts, each a multiple of <paramref name="unit"/> and at most about <paramref name="most"/>.</summary>
    private static int EvenPart(int count, int most, int unit)
    {
        int size = Parts(count, Parts(count, most));
        return Parts(size, unit) * unit;
    }
}

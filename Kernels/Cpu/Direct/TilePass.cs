namespace EvenNet.Kernels.Cpu;

/// <summary>
/// A sweep of register tiles over a result: each of its pixels is a sum over the same taps, 1 or 16 source channels a tap.
/// A convolution's forward pass is one of these; its backward pass to the data is one for each phase of the stride.
/// </summary>
/// <remarks>
/// A task is a band of one image's rows, and as many pairs of result blocks as have weights that stay in the second-level cache: the band comes
/// from memory once, ahead of the first pair's tiles, and the other pairs find it in that cache. Weights of a pair that alone are too large come
/// in chunks. A sum's order is taps within a chunk, then chunks: the same however the tasks are dealt.
/// </remarks>
internal sealed unsafe class TilePass
{
    private const long ChunkBytes = 300 * 1024, WeightBytes = 512 * 1024, BandBytes = 256 * 1024;

    private readonly Threads threads;
    private readonly Action<int, int> sweep;
    private readonly PinnedTable offsets;
    private readonly HaloLayout sourceLayout, resultLayout;
    private readonly TileGrid grid;
    private readonly delegate*<TileWork*, void>[] one, two;
    private readonly int batch, groups, pairs, runs, parts, bands, chunk;
    private readonly bool readsOnce;        // each source float belongs to one pixel
    private float* source, weight, bias, result;
    private bool accumulate, relu, clearHalo;

    /// <param name="batch">Images.</param>
    /// <param name="groups">Channel groups, equal in both layouts.</param>
    /// <param name="source">Layout of what is read.</param>
    /// <param name="result">Layout of what is written, blocked.</param>
    /// <param name="offsets">Source distance of each tap from where a result pixel's window starts.</param>
    /// <param name="grid">The pixels of source and result that belong together.</param>
    /// <param name="threads">Who works.</param>
    /// <param name="width">Which tiles.</param>
    public TilePass(int batch, int groups, HaloLayout source, HaloLayout result, PinnedTable offsets, TileGrid grid, Threads threads, VectorWidth width)
    {
        (this.batch, this.groups, sourceLayout, resultLayout, this.offsets, this.grid, this.threads) = (batch, groups, source, result, offsets, grid, threads);
        sweep = Sweep;
        one = Tiles.Of(width, 1, grid.SourcePixel);
        two = Tiles.Of(width, 2, grid.SourcePixel);
        pairs = (ResultBlocks + 1) / 2;
        parts = (grid.Width + width.TileRows - 1) / width.TileRows;
        readsOnce = grid.Length == HaloLayout.Block && offsets.Count == source.Planes / groups;

        // Runs of pairs that share a task, and bands: by what the cache holds; more of them where that leaves threads without work.
        int wanted = 4 * threads.Count, images = groups * batch, tiles = Math.Max(1, grid.Height * parts);
        long pairBytes = 2 * WeightBlock * sizeof(float), imageBytes = (long)grid.Height * grid.Width * source.Planes / groups * source.Lanes * sizeof(float);
        bands = (int)Math.Clamp((imageBytes + BandBytes - 1) / BandBytes, 1, tiles);
        runs = (int)Math.Min(pairs, Math.Max((pairs * pairBytes + WeightBytes - 1) / WeightBytes, (wanted + images * bands - 1) / (images * bands)));
        bands = Math.Clamp((wanted + images * runs - 1) / (images * runs), bands, tiles);

        int most = (int)Math.Max(1, ChunkBytes / (grid.Length * 2 * HaloLayout.Block * sizeof(float)));
        int chunks = Math.Max(1, (offsets.Count + most - 1) / most);
        chunk = Math.Max(1, (offsets.Count + chunks - 1) / chunks);
    }

    /// <summary>Floats of the packed weights: result block × tap × length × 16.</summary>
    public long WeightCount => groups * ResultBlocks * WeightBlock;

    private int ResultBlocks => resultLayout.Planes / groups;

    private long WeightBlock => (long)offsets.Count * grid.Length * HaloLayout.Block;

    /// <summary>Writes the result's pixels of this pass (or adds to them) and, if <paramref name="clearHalo"/>, its whole halo.</summary>
    public void Run(float* source, float* weight, float* bias, float* result, bool accumulate, bool relu, bool clearHalo)
    {
        this.source = source;
        this.weight = weight;
        this.bias = bias;
        this.result = result;
        (this.accumulate, this.relu, this.clearHalo) = (accumulate, relu, clearHalo);
        threads.For(groups * runs * batch * bands, sweep);
    }

    private void Sweep(int worker, int task)
    {
        int band = task % bands, n = task / bands % batch, run = task / bands / batch % runs, group = task / bands / batch / runs;
        for (int pair = pairs * run / runs, first = pair; pair < pairs * (run + 1) / runs; pair++)
            Sweep(n, group, pair, band, isFirst: pair == first);
    }

    private void Sweep(int n, int group, int pair, int band, bool isFirst)
    {
        int first = pair * 2, blocks = Math.Min(2, ResultBlocks - first), block = group * ResultBlocks + first;
        float* x = source + n * sourceLayout.Sample + group * (sourceLayout.Planes / groups) * sourceLayout.Plane + grid.SourceStart;
        float* planes = result + n * resultLayout.Sample + block * resultLayout.Plane;
        if (clearHalo && band == 0)
            for (int i = 0; i < blocks; i++) resultLayout.ClearHalo(planes + i * resultLayout.Plane);

        delegate*<TileWork*, void>[] tiles = blocks == 2 ? two : one;
        int from = (int)((long)grid.Height * parts * band / bands), to = (int)((long)grid.Height * parts * (band + 1) / bands);
        var work = new TileWork
        {
            Length = grid.Length,
            Step = 1,
            Stride = grid.SourcePixel,
            WeightBlock = WeightBlock,
            ResultRow = grid.ResultPixel,
            ResultBlock = resultLayout.Plane,
        };
        // Ahead of time comes what the next tile adds to, or else what only it reads.
        bool results = accumulate && readsOnce, sources = !accumulate && readsOnce && isFirst;
        if (results || sources) (work.AheadStep, work.AheadGap) = (HaloLayout.Block, (results ? resultLayout : sourceLayout).Plane - grid.Length * HaloLayout.Block);
        for (int tap = 0; tap == 0 || tap < offsets.Count; tap += chunk)
        {
            work.Offsets = offsets.Pointer + tap;
            work.Taps = Math.Min(chunk, offsets.Count - tap);
            work.Weight = weight + block * WeightBlock + (long)tap * grid.Length * HaloLayout.Block;
            work.Bias = tap == 0 && bias != null ? bias + block * HaloLayout.Block : null;
            work.Accumulate = accumulate || tap > 0;
            work.Relu = relu && tap + chunk >= offsets.Count;
            for (int tile = from; tile < to; tile++)
            {
                int part = tile % parts, start = grid.Width * part / parts, end = grid.Width * (part + 1) / parts;
                work.Source = x + Source(tile);
                work.Result = planes + Result(tile);
                int following = Math.Min(tile + 1, to - 1);
                work.Ahead = results ? planes + Result(following) : sources ? x + Source(following) : work.Source;
                tiles[end - start](&work);
            }
        }
    }

    private long Result(int tile) => grid.ResultStart + tile / parts * grid.ResultRow + grid.Width * (tile % parts) / parts * grid.ResultPixel;

    private long Source(int tile) => tile / parts * grid.SourceRow + grid.Width * (tile % parts) / parts * grid.SourcePixel;
}

/// <summary>
/// Which pixels a pass joins: result pixel (p, q) lies at ResultStart + p · ResultRow + q · ResultPixel of its plane and its window starts
/// at SourceStart + p · SourceRow + q · SourcePixel of its source. Each tap reads <paramref name="Length"/> floats.
/// </summary>
internal readonly record struct TileGrid(
    int Height, int Width, int Length, long SourceStart, long SourceRow, long SourcePixel, long ResultStart, long ResultRow, long ResultPixel);

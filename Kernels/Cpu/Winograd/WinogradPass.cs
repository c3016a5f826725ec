namespace EvenNet.Kernels.Cpu;

/// <summary>
/// A convolution of 3 × 3 or 5 × 5 windows and stride 1 over blocked images by F(4×4, 3×3) or F(2×2, 5×5): 36 products over tiles of the transformed source.
/// Forward from x to y; backward-data is the same from dy to dx with <see cref="WinogradWeights"/> flipped.
/// </summary>
/// <remarks>
/// Tiles go through in sections whose transformed source stays in the cache. A section is transformed by tasks of one strip of tiles (as many as a
/// register tile has rows) and some channels; then a task is a pair of result blocks and up to four strips: it multiplies into memory of its
/// worker and writes the images from there. With few channels a section is small and belongs to one worker, who does all of it.
/// A sum's order is that of the source channels, however the tasks are dealt.
/// </remarks>
internal sealed unsafe class WinogradPass
{
    /// <summary>6 × 6 of them.</summary>
    public const int Products = 36;

    private const int Block = HaloLayout.Block;
    private const int Skew = 5 * Block;             // between planes, whose distance must not be a multiple of a memory page: they would share cache sets
    private const long SharedBytes = 3 << 20;       // a section's transformed source in the third-level cache, of which others have their share
    private const long OwnBytes = 340 * 1024;       // in a worker's second-level cache
    private const int PartStrips = 4, ChunkBlocks = 8;
    private const int OwnSections = 16;             // at least, so that workers end together

    private readonly Threads threads;
    private readonly WinogradTransforms transforms;
    private readonly HaloLayout source, result;
    private readonly WinogradTiles from, to;
    private readonly WinogradWeights weights;
    private readonly Action<int, int> transform, multiply, whole;
    private readonly PinnedTable taps;
    private readonly delegate*<TileWork*, void>[] one, two;
    private readonly int tiles, groups, sourceBlocks, resultBlocks, pairs, rows, sections, chunks;
    private readonly bool own;
    private readonly long strip, plane, productPlane;

    private float* x, u, bias, y, scratch;
    private bool accumulate, relu;
    private int section;

    /// <param name="batch">Images.</param>
    /// <param name="groups">Channel groups, of whole blocks in both layouts.</param>
    /// <param name="source">What is read; its halo holds zeros.</param>
    /// <param name="first">Source row and column of the first result's window.</param>
    /// <param name="result">What is written.</param>
    /// <param name="weights">Packs the weights.</param>
    /// <param name="threads">Who works.</param>
    /// <param name="width">Which vectors and tiles.</param>
    public WinogradPass(
        int batch, int groups, HaloLayout source, (int H, int W) first, HaloLayout result, WinogradWeights weights, Threads threads, VectorWidth width)
    {
        (this.groups, this.source, this.result, this.weights, this.threads) = (groups, source, result, weights, threads);
        (transform, multiply, whole) = (Transform, Multiply, Whole);
        transforms = WinogradTransforms.Of(width, weights.Window);
        one = Tiles.Of(width, 1, Block);
        two = Tiles.Of(width, 2, Block);
        rows = width.TileRows;
        int window = weights.Window, step = WinogradTiles.StepOf(window);
        int high = WinogradTiles.Covering(result.Height, window), wide = WinogradTiles.Covering(result.Width, window);
        from = new WinogradTiles(source, first, step, WinogradTiles.Reach, source.Halo, high, wide);
        to = new WinogradTiles(result, (0, 0), step, step, 0, high, wide);
        tiles = batch * from.PerImage;
        sourceBlocks = source.Planes / groups;
        resultBlocks = result.Planes / groups;
        pairs = (resultBlocks + 1) / 2;
        taps = new PinnedTable([.. Enumerable.Range(0, sourceBlocks).Select(b => (long)b * rows * Block)]);

        strip = (long)source.Planes * Block * rows;
        long stripBytes = Products * strip * sizeof(float);
        int ownStrips = (int)Math.Min(PartStrips, OwnBytes / stripBytes);
        own = ownStrips > 0 && tiles >= OwnSections * ownStrips * rows;
        int strips = own ? ownStrips : (int)Math.Max(1, SharedBytes / stripBytes);
        sections = (tiles + strips * rows - 1) / (strips * rows);
        int most = (tiles + sections - 1) / sections;
        plane = (most + rows - 1) / rows * strip + Skew;
        productPlane = (long)Math.Min(most + rows, PartStrips * rows) * 2 * Block + Skew;
        chunks = (source.Planes + ChunkBlocks - 1) / ChunkBlocks;
    }

    /// <summary>Floats of scratch.</summary>
    public long ScratchCount => (own ? threads.Count : 1) * SourceCount + threads.Count * ProductCount;

    // The transformed source of a section; the products of a pair.
    private long SourceCount => Products * plane;

    private long ProductCount => Products * productPlane;

    /// <summary>Writes the result with its halo and last lanes, as zeros; or adds to it and leaves its halo alone. bias: of all result blocks, or null.</summary>
    public void Run(float* source, float* packedWeights, float* bias, float* result, bool accumulate, bool relu, float* scratch)
    {
        x = source;
        u = packedWeights;
        y = result;
        this.bias = bias;
        this.scratch = scratch;
        (this.accumulate, this.relu) = (accumulate, relu);
        if (own)
        {
            threads.For(sections, whole);
            return;
        }
        for (section = 0; section < sections; section++)
        {
            threads.For(Strips(section) * chunks, transform);
            threads.For(groups * pairs * Parts(section), multiply);
        }
    }

    private int Start(int section) => (int)((long)tiles * section / sections);

    private int Strips(int section) => (Start(section + 1) - Start(section) + rows - 1) / rows;

    private int Parts(int section) => (Strips(section) + PartStrips - 1) / PartStrips;

    // Strips of a section are equal, up to a tile.
    private int StripStart(int section, int strip)
    {
        int start = Start(section);
        return start + (Start(section + 1) - start) * strip / Strips(section);
    }

    private void Whole(int worker, int section)
    {
        float* v = scratch + worker * SourceCount, m = scratch + threads.Count * SourceCount + worker * ProductCount;
        for (int s = 0; s < Strips(section); s++) TransformStrip(section, s, 0, source.Planes, v);
        for (int pair = 0; pair < groups * pairs; pair++) MultiplyStrips(section, pair, 0, Strips(section), v, m);
    }

    private void Transform(int worker, int task)
    {
        int chunk = task % chunks;
        TransformStrip(section, task / chunks, source.Planes * chunk / chunks, source.Planes * (chunk + 1) / chunks, scratch);
    }

    private void Multiply(int worker, int task)
    {
        int parts = Parts(section), strips = Strips(section), part = task % parts;
        float* m = scratch + SourceCount + worker * ProductCount;
        MultiplyStrips(section, task / parts, strips * part / parts, strips * (part + 1) / parts, scratch, m);
    }

    // v: 36 × strips × source blocks × rows × 16.
    private void TransformStrip(int section, int index, int firstBlock, int endBlock, float* v)
    {
        int start = StripStart(section, index), count = StripStart(section, index + 1) - start;
        TileSpot* spots = stackalloc TileSpot[rows];
        float* zeros = stackalloc float[6 * Block];
        new Span<float>(zeros, 6 * Block).Clear();
        from.Locate(start, count, spots);
        v += index * strip;
        for (int block = firstBlock; block < endBlock; block++)
            transforms.Input(x + block * source.Plane, block + 1 < endBlock ? source.Plane : 0, source.Row, spots, count, zeros, v + (long)block * rows * Block, Block, plane);
    }

    // m: 36 × tiles × up to 2 blocks × 16.
    private void MultiplyStrips(int section, int pair, int firstStrip, int endStrip, float* v, float* m)
    {
        int group = pair / pairs, first = pair % pairs * 2, blocks = Math.Min(2, resultBlocks - first), block = group * resultBlocks + first;
        int start = StripStart(section, firstStrip), count = StripStart(section, endStrip) - start;
        delegate*<TileWork*, void>[] kernels = blocks == 2 ? two : one;
        var work = new TileWork
        {
            Offsets = taps.Pointer,
            Taps = sourceBlocks,
            Length = Block,
            Step = 1,
            Stride = Block,
            WeightBlock = weights.PlaneCount,
            ResultRow = 2 * Block,
            ResultBlock = Block,
            AheadStep = Block,
        };
        // What is written at the end is on its way meanwhile.
        TileSpot* spots = stackalloc TileSpot[count];
        to.Locate(start, count, spots);
        for (int product = 0; product < Products; product++)
        {
            for (int tile = count * product / Products; tile < count * (product + 1) / Products; tile++)
                for (int i = 0; i < blocks; i++) WinogradTiles.Fetch(y + (block + i) * result.Plane + spots[tile].Offset, result.Row, spots[tile]);
            work.Weight = u + block * weights.BlockCount + product * blocks * weights.PlaneCount;
            float* ahead = u + block * weights.BlockCount + Math.Min(product + 1, Products - 1) * blocks * weights.PlaneCount;
            float* panels = v + product * plane + (long)group * sourceBlocks * rows * Block;
            for (int s = firstStrip; s < endStrip; s++)
            {
                int tile = StripStart(section, s);
                work.Source = panels + s * strip;
                work.Result = m + product * productPlane + (long)(tile - start) * 2 * Block;
                work.Ahead = ahead + (s - firstStrip) * (long)sourceBlocks * Block * Block;
                kernels[StripStart(section, s + 1) - tile](&work);
            }
        }
        Write(start, count, block, blocks, m, spots);
    }

    private void Write(int start, int count, int block, int blocks, float* m, TileSpot* spots)
    {
        if (!accumulate)
            for (int n = (start + to.PerImage - 1) / to.PerImage; n * to.PerImage < start + count; n++)
                for (int i = 0; i < blocks; i++) result.ClearHalo(y + n * result.Sample + (block + i) * result.Plane);

        for (int done = 0; done < count; done += rows)
        {
            for (int i = 0; i < blocks; i++)
            {
                float* start16 = bias == null ? null : bias + (block + i) * Block;
                transforms.Output(
                    m + (long)done * 2 * Block + i * Block, 2 * Block, productPlane, start16, accumulate, relu, y + (block + i) * result.Plane, result.Row, spots + done,
                    Math.Min(rows, count - done));
            }
        }
    }
}

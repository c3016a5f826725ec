using System.Runtime.Intrinsics;

namespace EvenNet.Kernels.Cpu;

/// <summary>
/// The weights' gradient of a <see cref="DirectConvolution"/>: the same tiles, with input channels (or a plain image's window columns)
/// as rows, the output's gradient as weights, and image rows as taps.
/// </summary>
/// <remarks>
/// A product is two output blocks × one input plane. It goes through bands of image rows that stay in the second-level cache, and in each
/// through the window's taps, while the input of the next band comes from memory. A 1×1 window over images without a border takes an image as
/// one long row, and several of them as a band. How images are split depends on the shape alone, so the bits do not depend on the threads.
/// The positions summed over are those of dy, whatever size the window would give.
/// </remarks>
internal sealed unsafe class DirectWeightGradient
{
    private const int Block = HaloLayout.Block;
    private const long BandBytes = 320 * 1024;
    private const int WantedTasks = 32;

    private readonly ConvolutionShape shape;
    private readonly HaloLayout x, dy;
    private readonly Threads threads;
    private readonly Action<int, int> sum, merge, sumSquares, mergeSquares;
    private readonly delegate*<TileWork*, void>[] one, two;
    private readonly PinnedTable taps, slots, columns;
    private readonly bool longRows;
    private readonly int tileRows, rows, rowLength, inputPlanes, outputBlocks, pairs, bands, parts, runs, squareParts;
    private float* source, gradient, target, scratch;
    private float scale;

    public DirectWeightGradient(ConvolutionShape shape, HaloLayout x, HaloLayout dy, Threads threads, VectorWidth width)
    {
        (this.shape, this.x, this.dy, this.threads) = (shape, x, dy, threads);
        (sum, merge, sumSquares, mergeSquares) = (Sum, Merge, SumSquares, MergeSquares);
        bool blocked = x.Lanes == Block;
        long stride = blocked ? 1 : shape.DilationWidth;
        one = Tiles.Of(width, 1, stride);
        two = Tiles.Of(width, 2, stride);
        tileRows = width.TileRows;

        // A slot is what one sweep of tiles computes: a tap of 16 channels, or a row of the window of one plain channel.
        rows = blocked ? Block : shape.KernelWidth;
        var offsets = new List<long>();
        for (int plane = 0; plane < (blocked ? 1 : x.Planes); plane++)
            for (int r = 0; r < shape.KernelHeight; r++)
                for (int s = 0; s < (blocked ? shape.KernelWidth : 1); s++)
                    offsets.Add(x.At(plane, r * shape.DilationHeight - shape.PadHeight, s * shape.DilationWidth - shape.PadWidth));
        slots = new PinnedTable(offsets);

        // Logical columns of one input plane: channel, tap. Sums: slot, row.
        int channels = blocked ? Block : shape.Inputs;
        columns = new PinnedTable([.. Enumerable.Range(0, channels * shape.Window)
            .Select(j => blocked ? (j % shape.Window * Block + j / shape.Window) * (long)Block : j * (long)Block)]);

        inputPlanes = blocked ? x.Planes / shape.Groups : 1;
        outputBlocks = dy.Planes / shape.Groups;
        pairs = (outputBlocks + 1) / 2;

        // Taps are the rows of one image, or all images where each is one long row.
        longRows = blocked && shape is { Window: 1, StrideHeight: 1, StrideWidth: 1, PadHeight: 0, PadWidth: 0 }
            && (x.Height, x.Width, x.Halo) == (dy.Height, dy.Width, 0) && dy.Halo == 0;
        rowLength = longRows ? dy.Height * dy.Width : dy.Width;
        taps = new PinnedTable([.. longRows
            ? Enumerable.Range(0, shape.Batch).Select(n => n * x.Sample)
            : Enumerable.Range(0, dy.Height).Select(p => p * shape.StrideHeight * x.Row)]);
        int bandTaps = (int)Math.Clamp(BandBytes / (rowLength * 3L * Block * sizeof(float)), 1, taps.Count);
        bands = (taps.Count + bandTaps - 1) / bandTaps;
        parts = Math.Min(MostParts, longRows ? shape.Batch : shape.Batch * bands);
        if (longRows) bands = Math.Max(bands, parts);
        runs = Math.Clamp(6 * threads.Count, 1, Products);
        squareParts = Math.Clamp(WantedTasks / Products, 1, shape.Batch);
    }

    /// <summary>Floats of scratch.</summary>
    public long ScratchCount => SumCount * Math.Max(threads.Count, Products * MostParts);

    /// <summary>Floats of scratch for <see cref="AddSquares"/>.</summary>
    public long SquareScratchCount => SumCount * (threads.Count + (squareParts == 1 ? threads.Count : Products * squareParts));

    // Two output blocks × slots × rows × 16.
    private long SumCount => 2 * BlockCount;

    private long BlockCount => (long)slots.Count * rows * Block;

    // As many as rows allow in any layout.
    private int MostParts => Math.Clamp(WantedTasks / Products, 1, shape.Batch * dy.Height);

    // Bands of all images.
    private int Units => longRows ? bands : shape.Batch * bands;

    // Output pairs × input planes.
    private int Products => shape.Groups * pairs * inputPlanes;

    /// <summary>target += scale · Σ dy · x.</summary>
    public void Add(float* x, float* dy, float scale, float* target, float* scratch)
    {
        source = x;
        gradient = dy;
        this.scale = scale;
        this.target = target;
        this.scratch = scratch;
        threads.For(parts > 1 ? Products * parts : runs, sum);
        if (parts > 1) threads.For(Products, merge);
    }

    private (int OutputBlock, int Blocks, int InputPlane, int Group) Product(int index)
    {
        int pair = index / inputPlanes, group = pair / pairs, first = pair % pairs * 2;
        return (group * outputBlocks + first, Math.Min(2, outputBlocks - first), group * inputPlanes + index % inputPlanes, group);
    }

    /// <summary>target += Σ over images of (Σ over positions of dy · x)².</summary>
    public void AddSquares(float* x, float* dy, float* target, float* scratch)
    {
        source = x;
        gradient = dy;
        scale = 1;
        this.target = target;
        this.scratch = scratch;
        threads.For(Products * squareParts, sumSquares);
        if (squareParts > 1) threads.For(Products, mergeSquares);
    }

    // Some taps of one image; where taps are images, there is but one image.
    private readonly record struct Band(int Image, int First, int End);

    private Band BandOf(int unit) => new(
        longRows ? 0 : unit / bands, (int)((long)taps.Count * (unit % bands) / bands), (int)((long)taps.Count * (unit % bands + 1) / bands));

    // A part of one product, or a run of products: their input comes from memory one after the other.
    private void Sum(int worker, int task)
    {
        if (parts > 1)
        {
            Sum(task / parts, task % parts, next: Math.Min(task / parts + 1, Products - 1), scratch + task * SumCount);
            return;
        }
        float* sums = scratch + worker * SumCount;
        int end = (int)((long)Products * (task + 1) / runs);
        for (int product = (int)((long)Products * task / runs); product < end; product++)
        {
            Sum(product, part: 0, next: Math.Min(product + 1, end - 1), sums);
            AddToTarget(product, sums);
        }
    }

    private void Sum(int product, int part, int next, float* sums)
    {
        int start = (int)((long)Units * part / parts), end = (int)((long)Units * (part + 1) / parts);
        for (int unit = start; unit < end; unit++)
            AddBand(product, BandOf(unit), unit + 1 < end ? Source(product, BandOf(unit + 1)) : Source(next, BandOf(start)), sums, add: unit > start);
    }

    private void SumSquares(int worker, int task)
    {
        int product = task / squareParts, part = task % squareParts;
        float* sums = scratch + worker * SumCount, squares = scratch + (threads.Count + (squareParts == 1 ? worker : task)) * SumCount;
        long count = Product(product).Blocks * BlockCount;
        new Span<float>(squares, checked((int)count)).Clear();
        for (int n = shape.Batch * part / squareParts; n < shape.Batch * (part + 1) / squareParts; n++)
        {
            if (longRows) AddBand(product, new Band(0, n, n + 1), next: source, sums, add: false);
            for (int band = 0; band < bands && !longRows; band++) AddBand(product, BandOf(n * bands + band), next: source, sums, add: band > 0);
            for (long i = 0; i < count; i += Block)
            {
                Vector512<float> value = Vector512.Load(sums + i);
                Vector512.MultiplyAddEstimate(value, value, Vector512.Load(squares + i)).Store(squares + i);
            }
        }
        if (squareParts == 1) AddToTarget(product, squares);
    }

    // Where a product's band begins in x.
    private float* Source(int product, Band band) =>
        source + band.Image * x.Sample + (x.Lanes == Block ? Product(product).InputPlane * x.Plane : 0) + taps.Pointer[band.First];

    // sums = Σ dy · x (or +=) over one band, for every tap of the window. next: which input to bring into the cache meanwhile.
    private void AddBand(int product, Band band, float* next, float* sums, bool add)
    {
        var (block, blocks, _, _) = Product(product);
        delegate*<TileWork*, void>[] tiles = blocks == 2 ? two : one;
        int pieces = (rows + tileRows - 1) / tileRows;
        float* first = Source(product, band);
        long gradientTap = longRows ? dy.Sample : dy.Row;
        var work = new TileWork
        {
            Length = rowLength,
            Step = shape.StrideWidth * x.Lanes,
            Stride = shape.DilationWidth,
            WeightBlock = dy.Plane,
            WeightGap = gradientTap - rowLength * Block,
            ResultRow = Block,
            ResultBlock = BlockCount,
            Accumulate = add,
            Ahead = next,
            AheadStep = shape.StrideWidth * x.Lanes,
            AheadGap = (longRows ? x.Sample : shape.StrideHeight * x.Row) - (long)rowLength * shape.StrideWidth * x.Lanes,
            Taps = band.End - band.First,
            Offsets = taps.Pointer + band.First,
            Weight = gradient + band.Image * dy.Sample + dy.At(block, 0, 0) + band.First * gradientTap,
        };
        for (int slot = 0; slot < slots.Count; slot++)
            for (int piece = 0; piece < pieces; piece++)
            {
                int start = rows * piece / pieces, end = rows * (piece + 1) / pieces;
                work.Source = first - taps.Pointer[band.First] + slots.Pointer[slot] + start * (x.Lanes == Block ? 1 : shape.DilationWidth);
                work.Result = sums + ((long)slot * rows + start) * Block;
                tiles[end - start](&work);
                (work.AheadStep, work.AheadGap) = (0, 0);
            }
    }

    private void Merge(int worker, int product) => Merge(product, parts, scratch);

    private void MergeSquares(int worker, int product) => Merge(product, squareParts, scratch + threads.Count * SumCount);

    private void Merge(int product, int parts, float* all)
    {
        float* sums = all + (long)product * parts * SumCount;
        long count = Product(product).Blocks * BlockCount;
        for (int part = 1; part < parts; part++)
        {
            float* other = sums + part * SumCount;
            for (long i = 0; i < count; i += Block) (Vector512.Load(sums + i) + Vector512.Load(other + i)).Store(sums + i);
        }
        AddToTarget(product, sums);
    }

    private void AddToTarget(int product, float* sums)
    {
        var (block, blocks, plane, group) = Product(product);
        int channel = x.Lanes == Block ? (plane - group * inputPlanes) * Block : 0;
        int used = Math.Min(columns.Count, (shape.Inputs / shape.Groups - channel) * shape.Window);
        for (int i = 0; i < blocks; i++)
        {
            int o = (block + i) * Block;
            float* row = target + (long)o * shape.FanIn + (long)channel * shape.Window;
            WeightPacking.AddUnpacked(sums + i * BlockCount, columns.Pointer, scale, Math.Min(Block, shape.Outputs - o), used, row, shape.FanIn);
        }
    }
}

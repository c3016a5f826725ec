using System.Runtime.Intrinsics;

namespace EvenNet.Kernels.Cpu;

/// <summary>
/// The weights' gradient of a <see cref="DirectConvolution"/>: the same tiles, with input channels (or a plain image's window columns)
/// as rows, the output's gradient as weights, and image rows as taps.
/// </summary>
/// <remarks>
/// A task is two output blocks × one input plane × some of the images. It goes through bands of image rows that stay in the second-level
/// cache, and in each through the window's taps. How images are split depends on the shape alone, so the bits do not depend on the threads.
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
    private readonly PinnedTable imageRows, slots, columns;
    private readonly int tileRows, rows, inputPlanes, outputBlocks, pairs, bands, parts, squareParts;
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
        imageRows = new PinnedTable([.. Enumerable.Range(0, dy.Height).Select(p => p * shape.StrideHeight * x.Row)]);

        // Logical columns of one input plane: channel, tap. Sums: slot, row.
        int channels = blocked ? Block : shape.Inputs;
        columns = new PinnedTable([.. Enumerable.Range(0, channels * shape.Window)
            .Select(j => blocked ? (j % shape.Window * Block + j / shape.Window) * (long)Block : j * (long)Block)]);

        inputPlanes = blocked ? x.Planes / shape.Groups : 1;
        outputBlocks = dy.Planes / shape.Groups;
        pairs = (outputBlocks + 1) / 2;
        long rowBytes = dy.Width * 3L * Block * sizeof(float);
        int bandRows = (int)Math.Clamp(BandBytes / rowBytes, 1, dy.Height);
        bands = (dy.Height + bandRows - 1) / bandRows;
        parts = Math.Clamp(WantedTasks / Products, 1, shape.Batch * bands);
        squareParts = Math.Clamp(WantedTasks / Products, 1, shape.Batch);
    }

    /// <summary>Floats of scratch.</summary>
    public long ScratchCount => SumCount * (parts == 1 ? threads.Count : Products * parts);

    /// <summary>Floats of scratch for <see cref="AddSquares"/>.</summary>
    public long SquareScratchCount => SumCount * (threads.Count + (squareParts == 1 ? threads.Count : Products * squareParts));

    // Two output blocks × slots × rows × 16.
    private long SumCount => 2 * BlockCount;

    private long BlockCount => (long)slots.Count * rows * Block;

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
        threads.For(Products * parts, sum);
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

    private void Sum(int worker, int task)
    {
        int product = task / parts, part = task % parts;
        float* sums = scratch + (parts == 1 ? worker : task) * SumCount;
        Clear(product, sums);
        int units = shape.Batch * bands;
        for (int unit = (int)((long)units * part / parts); unit < (int)((long)units * (part + 1) / parts); unit++)
            AddBand(product, unit / bands, unit % bands, sums);
        if (parts == 1) AddToTarget(product, sums);
    }

    private void SumSquares(int worker, int task)
    {
        int product = task / squareParts, part = task % squareParts;
        float* sums = scratch + worker * SumCount, squares = scratch + (threads.Count + (squareParts == 1 ? worker : task)) * SumCount;
        long count = Product(product).Blocks * BlockCount;
        Clear(product, squares);
        for (int n = shape.Batch * part / squareParts; n < shape.Batch * (part + 1) / squareParts; n++)
        {
            Clear(product, sums);
            for (int band = 0; band < bands; band++) AddBand(product, n, band, sums);
            for (long i = 0; i < count; i += Block)
            {
                Vector512<float> value = Vector512.Load(sums + i);
                Vector512.MultiplyAddEstimate(value, value, Vector512.Load(squares + i)).Store(squares + i);
            }
        }
        if (squareParts == 1) AddToTarget(product, squares);
    }

    private void Clear(int product, float* sums) => new Span<float>(sums, checked((int)(Product(product).Blocks * BlockCount))).Clear();

    // sums += Σ dy · x over one band of one image's rows, for every tap.
    private void AddBand(int product, int n, int band, float* sums)
    {
        var (block, blocks, plane, _) = Product(product);
        delegate*<TileWork*, void>[] tiles = blocks == 2 ? two : one;
        int pieces = (rows + tileRows - 1) / tileRows, top = dy.Height * band / bands, bottom = dy.Height * (band + 1) / bands;
        float* image = source + n * x.Sample + (x.Lanes == Block ? plane * x.Plane : 0);
        var work = new TileWork
        {
            Length = dy.Width,
            Step = shape.StrideWidth * x.Lanes,
            Stride = shape.DilationWidth,
            WeightBlock = dy.Plane,
            WeightGap = dy.Row - dy.Width * Block,
            ResultRow = Block,
            ResultBlock = BlockCount,
            Accumulate = true,
            Taps = bottom - top,
            Offsets = imageRows.Pointer + top,
            Weight = gradient + n * dy.Sample + dy.At(block, top, 0),
        };
        for (int slot = 0; slot < slots.Count; slot++)
            for (int piece = 0; piece < pieces; piece++)
            {
                int start = rows * piece / pieces, end = rows * (piece + 1) / pieces;
                work.Source = image + slots.Pointer[slot] + start * (x.Lanes == Block ? 1 : shape.DilationWidth);
                work.Result = sums + ((long)slot * rows + start) * Block;
                tiles[end - start](&work);
            }
    }

    private void Merge(int worker, int product) => Merge(product, parts, scratch);

    private void MergeSquares(int worker, int product) => Merge(product, squareParts, scratch + threads.Count * SumCount);

    private void Merge(int product, int parts, float* all)
    {
        float* sums = all + (long)product * parts * SumCount;
        for (int part = 1; part < parts; part++)
        {
            float* other = sums + part * SumCount;
            for (long i = 0; i < SumCount; i++) sums[i] += other[i];
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

namespace EvenNet.Kernels.Cpu;

/// <summary>
/// The weights' gradient of a <see cref="DirectConvolution"/>: the same tiles, with input channels (or a plain image's window columns)
/// as rows, the output's gradient as weights, and image rows as taps.
/// </summary>
/// <remarks>
/// A task is two output blocks × one input plane × some of the images. It goes through bands of image rows that stay in the second-level
/// cache, and in each through the window's taps. How images are split depends on the shape alone, so the bits do not depend on the threads.
/// </remarks>
internal sealed unsafe class DirectWeightGradient
{
    private const int Block = HaloLayout.Block;
    private const long BandBytes = 320 * 1024;
    private const int WantedTasks = 32;

    private readonly ConvolutionShape shape;
    private readonly HaloLayout x, dy;
    private readonly Threads threads;
    private readonly Action<int, int> sum, merge;
    private readonly delegate*<TileWork*, void>[] one, two;
    private readonly PinnedTable imageRows, slots, columns;
    private readonly int tileRows, rows, inputPlanes, outputBlocks, pairs, bands, parts;
    private float* source, gradient, target, scratch;
    private float scale;

    public DirectWeightGradient(ConvolutionShape shape, HaloLayout x, HaloLayout dy, Threads threads, VectorWidth width)
    {
        (this.shape, this.x, this.dy, this.threads, sum, merge) = (shape, x, dy, threads, Sum, Merge);
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
        imageRows = new PinnedTable([.. Enumerable.Range(0, shape.OutputHeight).Select(p => p * shape.StrideHeight * x.Row)]);

        // Logical columns of one input plane: channel, tap. Sums: slot, row.
        int channels = blocked ? Block : shape.Inputs;
        columns = new PinnedTable([.. Enumerable.Range(0, channels * shape.Window)
            .Select(j => blocked ? (j % shape.Window * Block + j / shape.Window) * (long)Block : j * (long)Block)]);

        inputPlanes = blocked ? x.Planes / shape.Groups : 1;
        outputBlocks = dy.Planes / shape.Groups;
        pairs = (outputBlocks + 1) / 2;
        long rowBytes = shape.OutputWidth * 3L * Block * sizeof(float);
        int bandRows = (int)Math.Clamp(BandBytes / rowBytes, 1, shape.OutputHeight);
        bands = (shape.OutputHeight + bandRows - 1) / bandRows;
        parts = Math.Clamp(WantedTasks / Products, 1, shape.Batch * bands);
    }

    /// <summary>Floats of scratch.</summary>
    public long ScratchCount => SumCount * (parts == 1 ? threads.Count : Products * parts);

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

    private void Sum(int worker, int task)
    {
        int product = task / parts, part = task % parts;
        var (block, blocks, plane, _) = Product(product);
        float* sums = scratch + (parts == 1 ? worker : task) * SumCount;
        new Span<float>(sums, checked((int)(blocks * BlockCount))).Clear();

        delegate*<TileWork*, void>[] tiles = blocks == 2 ? two : one;
        var work = new TileWork
        {
            Length = shape.OutputWidth,
            Step = shape.StrideWidth * x.Lanes,
            Stride = shape.DilationWidth,
            WeightBlock = dy.Plane,
            WeightGap = dy.Row - shape.OutputWidth * Block,
            ResultRow = Block,
            ResultBlock = BlockCount,
            Accumulate = true,
        };
        int pieces = (rows + tileRows - 1) / tileRows, units = shape.Batch * bands;
        for (int unit = (int)((long)units * part / parts); unit < (int)((long)units * (part + 1) / parts); unit++)
        {
            int n = unit / bands, band = unit % bands, top = shape.OutputHeight * band / bands, bottom = shape.OutputHeight * (band + 1) / bands;
            float* image = source + n * x.Sample + (x.Lanes == Block ? plane * x.Plane : 0);
            work.Taps = bottom - top;
            work.Offsets = imageRows.Pointer + top;
            work.Weight = gradient + n * dy.Sample + dy.At(block, top, 0);
            for (int slot = 0; slot < slots.Count; slot++)
                for (int piece = 0; piece < pieces; piece++)
                {
                    int start = rows * piece / pieces, end = rows * (piece + 1) / pieces;
                    work.Source = image + slots.Pointer[slot] + start * (x.Lanes == Block ? 1 : shape.DilationWidth);
                    work.Result = sums + ((long)slot * rows + start) * Block;
                    tiles[end - start](&work);
                }
        }
        if (parts == 1) AddToTarget(product, sums);
    }

    private void Merge(int worker, int product)
    {
        float* sums = scratch + (long)product * parts * SumCount;
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

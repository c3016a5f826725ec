namespace EvenNet.Kernels.Cpu;

/// <summary>
/// The weights' gradient of a 3 × 3 or 5 × 5 convolution as the exact adjoint of F(4×4, 3×3) or F(2×2, 5×5): dW = Gᵀ[Σ (A dY Aᵀ) ⊙ (Bᵀ X B)]G, 36 products with the sum over tiles.
/// </summary>
/// <remarks>
/// Goes through ranges of output pairs whose sums stay in the cache, and for each through sections of tiles: both sides are transformed, then a task
/// multiplies one pair for one of the 36 products. A sum's order is that of the tiles, however the tasks are dealt.
/// </remarks>
internal sealed unsafe class WinogradWeightGradient
{
    private const int Block = HaloLayout.Block, Products = WinogradPass.Products;
    private const int Skew = 5 * Block;
    private const long SumBytes = 8 << 20, SectionBytes = 5 << 20;
    private const int StripTiles = 16, ChunkBlocks = 8;

    private readonly ConvolutionShape shape;
    private readonly HaloLayout x, dy;
    private readonly Threads threads;
    private readonly WinogradTransforms transforms;
    private readonly WinogradTiles inputs, outputs;
    private readonly Action<int, int> transform, multiply, finish;
    private readonly PinnedTable origin, columns;
    private readonly delegate*<TileWork*, void>[] one, two;
    private readonly int tiles, inputBlocks, outputBlocks, pairs, rangePairs, sections, rows;
    private readonly long tileStep, inputPlane, outputPlane, outputStep, sumPlane, sumPair;

    private float* source, gradient, target, v, g, sums;
    private float scale;
    private int range, section;

    public WinogradWeightGradient(ConvolutionShape shape, HaloLayout x, HaloLayout dy, Threads threads, VectorWidth width)
    {
        (this.shape, this.x, this.dy, this.threads) = (shape, x, dy, threads);
        (transform, multiply, finish) = (Transform, Multiply, Finish);
        transforms = WinogradTransforms.Of(width, shape.KernelHeight);
        one = Tiles.Of(width, 1, 1);
        two = Tiles.Of(width, 2, 1);
        rows = width.TileRows;
        int window = shape.KernelHeight, step = WinogradTiles.StepOf(window);
        int high = WinogradTiles.Covering(shape.OutputHeight, window), wide = WinogradTiles.Covering(shape.OutputWidth, window);
        inputs = new WinogradTiles(x, (-shape.PadHeight, -shape.PadWidth), step, WinogradTiles.Reach, x.Halo, high, wide);
        outputs = new WinogradTiles(dy, (0, 0), step, step, 0, high, wide);
        tiles = shape.Batch * inputs.PerImage;
        inputBlocks = x.Planes / shape.Groups;
        outputBlocks = dy.Planes / shape.Groups;
        pairs = (outputBlocks + 1) / 2;
        origin = new PinnedTable([0L]);
        columns = new PinnedTable([.. Enumerable.Range(0, shape.Window * Block).Select(j => (long)j * Block)]);

        sumPlane = (long)inputBlocks * Block * Block;
        sumPair = 2 * Products * sumPlane;
        int allPairs = shape.Groups * pairs, ranges = (int)Math.Clamp((allPairs * sumPair * sizeof(float) + SumBytes - 1) / SumBytes, 1, allPairs);
        rangePairs = (allPairs + ranges - 1) / ranges;
        tileStep = (long)x.Planes * Block + Block;
        long tileBytes = Products * (tileStep + rangePairs * 2 * Block) * sizeof(float);
        sections = (int)((tiles * tileBytes + SectionBytes - 1) / SectionBytes);
        int most = (tiles + sections - 1) / sections;
        outputStep = (long)most * Block;
        inputPlane = most * tileStep + Skew;
        outputPlane = rangePairs * 2 * outputStep + Skew;
    }

    /// <summary>Floats of scratch.</summary>
    public long ScratchCount => Products * (inputPlane + outputPlane) + rangePairs * sumPair;

    /// <summary>target += scale · Σ dy · x.</summary>
    public void Add(float* x, float* dy, float scale, float* target, float* scratch)
    {
        source = x;
        gradient = dy;
        this.scale = scale;
        this.target = target;
        v = scratch;
        g = v + Products * inputPlane;
        sums = g + Products * outputPlane;
        for (range = 0; range < shape.Groups * pairs; range += rangePairs)
        {
            int count = Math.Min(rangePairs, shape.Groups * pairs - range);
            for (section = 0; section < sections; section++)
            {
                threads.For(Strips * (InputChunks + OutputChunks), transform);
                threads.For(Products * count, multiply);
            }
            threads.For(count * inputBlocks, finish);
        }
    }

    // The planes that a range needs: those of its groups.
    private (int From, int To) InputPlanes => (range / pairs * inputBlocks, (LastPair / pairs + 1) * inputBlocks);

    private (int From, int To) OutputPlanes => (Pair(range).Block, Pair(LastPair).Block + Pair(LastPair).Blocks);

    private int LastPair => Math.Min(range + rangePairs, shape.Groups * pairs) - 1;

    private int InputChunks => (InputPlanes.To - InputPlanes.From + ChunkBlocks - 1) / ChunkBlocks;

    private int OutputChunks => (OutputPlanes.To - OutputPlanes.From + ChunkBlocks - 1) / ChunkBlocks;

    private int Start(int section) => (int)((long)tiles * section / sections);

    private int SectionTiles => Start(section + 1) - Start(section);

    private int Strips => (SectionTiles + StripTiles - 1) / StripTiles;

    private (int Group, int Block, int Blocks) Pair(int pair)
    {
        int group = pair / pairs, first = pair % pairs * 2;
        return (group, group * outputBlocks + first, Math.Min(2, outputBlocks - first));
    }

    // v: 36 × tiles × input channels; g: 36 × output blocks × tiles × 16.
    private void Transform(int worker, int task)
    {
        int chunks = InputChunks + OutputChunks, strip = task / chunks, chunk = task % chunks;
        int first = strip * StripTiles, count = Math.Min(StripTiles, SectionTiles - first);
        TileSpot* spots = stackalloc TileSpot[StripTiles];
        float* zeros = stackalloc float[6 * Block];
        new Span<float>(zeros, 6 * Block).Clear();
        if (chunk < InputChunks)
        {
            inputs.Locate(Start(section) + first, count, spots);
            int from = InputPlanes.From + chunk * ChunkBlocks, to = Math.Min(InputPlanes.To, from + ChunkBlocks);
            for (int plane = from; plane < to; plane++)
                transforms.Input(source + plane * x.Plane, plane + 1 < to ? x.Plane : 0, x.Row, spots, count, zeros, v + first * tileStep + plane * Block, tileStep, inputPlane);
            return;
        }
        outputs.Locate(Start(section) + first, count, spots);
        int start = OutputPlanes.From + (chunk - InputChunks) * ChunkBlocks, end = Math.Min(OutputPlanes.To, start + ChunkBlocks);
        for (int plane = start; plane < end; plane++)
        {
            float* to = g + (plane - OutputPlanes.From) * outputStep + first * Block;
            transforms.OutputAdjoint(gradient + plane * dy.Plane, plane + 1 < end ? dy.Plane : 0, dy.Row, spots, count, zeros, to, Block, outputPlane);
        }
    }

    // sums: pair × 36 × up to 2 blocks × input channel × 16. Input channels are the rows of the register tiles, tiles the steps.
    private void Multiply(int worker, int task)
    {
        // One product after another: its transformed inputs stay in the cache for all pairs.
        int count = LastPair - range + 1, product = task / count, local = task % count;
        var (group, block, blocks) = Pair(range + local);
        delegate*<TileWork*, void>[] kernels = blocks == 2 ? two : one;
        float* channels = v + product * inputPlane + (long)group * inputBlocks * Block, sum = sums + local * sumPair + product * blocks * sumPlane;
        var work = new TileWork
        {
            Offsets = origin.Pointer,
            Taps = 1,
            Length = SectionTiles,
            Step = tileStep,
            Stride = 1,
            Weight = g + product * outputPlane + (block - OutputPlanes.From) * outputStep,
            WeightBlock = outputStep,
            ResultRow = Block,
            ResultBlock = sumPlane,
            Accumulate = section > 0,
        };
        int channelCount = inputBlocks * Block, pieces = (channelCount + rows - 1) / rows;
        for (int piece = 0; piece < pieces; piece++)
        {
            int start = channelCount * piece / pieces, end = channelCount * (piece + 1) / pieces;
            work.Source = channels + start;
            work.Result = sum + start * Block;
            work.Ahead = work.Source;
            kernels[end - start](&work);
        }
    }

    private void Finish(int worker, int task)
    {
        int local = task / inputBlocks, channel = task % inputBlocks * Block;
        var (_, block, blocks) = Pair(range + local);
        int used = Math.Min(Block, shape.Inputs / shape.Groups - channel) * shape.Window;
        float* windows = stackalloc float[shape.Window * Block * Block];
        for (int i = 0; i < blocks; i++)
        {
            int o = (block + i) * Block;
            transforms.WeightsAdjoint(sums + local * sumPair + i * sumPlane + channel * Block, blocks * sumPlane, Block, windows);
            WeightPacking.AddUnpacked(
                windows, columns.Pointer, scale, Math.Min(Block, shape.Outputs - o), used, target + (long)o * shape.FanIn + (long)channel * shape.Window, shape.FanIn);
        }
    }
}

using System.Runtime.Intrinsics;

namespace EvenNet.Kernels.Cpu;

/// <summary>
/// Squares of each image's weight gradient, summed over images, of a 3 × 3 or 5 × 5 convolution: as <see cref="WinogradWeightGradient"/>, with 36 products
/// an image in place of up to 144, squared when an image is complete.
/// </summary>
/// <remarks>
/// Goes through sections: some images, or some tiles of a large one. Both sides of a section are transformed; then a task takes 32 outputs and some inputs
/// through all its images, so that sums and squares stay in the cache. A sum's order is that of the tiles, however the tasks are dealt.
/// </remarks>
internal sealed unsafe class WinogradWeightSquares
{
    private const int Block = HaloLayout.Block, Products = WinogradPass.Products;
    private const int Skew = 5 * Block, StripTiles = 16, TransformPlanes = 8, MostInputBlocks = 6, WantedTasks = 16;
    private const long SectionBytes = 10 << 20;

    // Fewer tiles an image than the first keep the register tiles too short; the products saved have to pay for the transforms; a task a worker at least.
    private const int FewestTiles = 16, FewestTasks = 4;
    private const double LeastGain = 2.5;

    private readonly ConvolutionShape shape;
    private readonly HaloLayout x, dy;
    private readonly Threads threads;
    private readonly WinogradTransforms transforms;
    private readonly WinogradTiles inputs, outputs;
    private readonly Action<int, int> transform, multiply, finish;
    private readonly PinnedTable origin, columns;
    private readonly delegate*<TileWork*, void>[] one, two;
    private readonly int rows, inputBlocks, outputBlocks, pairs, taskBlocks, chunks, pieces, images;
    private readonly long tileStep, inputPlane, outputPlane, outputStep, taskSums, taskSquares;

    private float* source, gradient, target, v, g, sums, squares;
    private int first, count, piece;

    /// <param name="shape">The convolution.</param>
    /// <param name="x">Its input, blocked, with a halo of at least its padding.</param>
    /// <param name="dy">The output's gradient, blocked.</param>
    /// <param name="threads">Who works.</param>
    /// <param name="width">Which vectors and tiles.</param>
    /// <param name="sectionBytes">How much of the transformed values is there at a time.</param>
    public WinogradWeightSquares(ConvolutionShape shape, HaloLayout x, HaloLayout dy, Threads threads, VectorWidth width, long sectionBytes = SectionBytes)
    {
        (this.shape, this.x, this.dy, this.threads) = (shape, x, dy, threads);
        (transform, multiply, finish) = (Transform, Multiply, Finish);
        transforms = WinogradTransforms.Of(width, shape.KernelHeight);
        one = Tiles.Of(width, 1, 1);
        two = Tiles.Of(width, 2, 1);
        rows = width.TileRows;
        int window = shape.KernelHeight, step = WinogradTiles.StepOf(window);
        int high = WinogradTiles.Covering(dy.Height, window), wide = WinogradTiles.Covering(dy.Width, window);
        inputs = new WinogradTiles(x, (-shape.PadHeight, -shape.PadWidth), step, WinogradTiles.Reach, x.Halo, high, wide);
        outputs = new WinogradTiles(dy, (0, 0), step, step, 0, high, wide);
        inputBlocks = x.Planes / shape.Groups;
        outputBlocks = dy.Planes / shape.Groups;
        pairs = (outputBlocks + 1) / 2;
        taskBlocks = Math.Clamp(inputBlocks * shape.Groups * pairs / WantedTasks, 1, Math.Min(MostInputBlocks, inputBlocks));
        chunks = (inputBlocks + taskBlocks - 1) / taskBlocks;
        origin = new PinnedTable([0L]);
        columns = new PinnedTable([.. Enumerable.Range(0, shape.Window * Block).Select(j => (long)j * Block)]);

        tileStep = (long)x.Planes * Block + Block;
        long imageBytes = inputs.PerImage * Products * (tileStep + dy.Planes * Block) * sizeof(float);
        pieces = (int)Math.Min((imageBytes + sectionBytes - 1) / sectionBytes, inputs.PerImage);
        images = (int)Math.Clamp(sectionBytes / imageBytes, 1, shape.Batch);
        long most = (long)images * ((inputs.PerImage + pieces - 1) / pieces);
        outputStep = most * Block;
        inputPlane = most * tileStep + Skew;
        outputPlane = dy.Planes * outputStep + Skew;
        taskSums = 2L * Products * taskBlocks * Block * Block;
        taskSquares = 2L * shape.Window * taskBlocks * Block * Block;
    }

    /// <summary>Floats of scratch.</summary>
    public long ScratchCount => Products * (inputPlane + outputPlane) + Tasks * taskSquares + (pieces > 1 ? Tasks : threads.Count) * taskSums;

    private int Tasks => shape.Groups * pairs * chunks;

    /// <summary>Whether there is such a kernel for a layer and its errors, and it is the faster one.</summary>
    public static bool Pays(ConvolutionShape shape, HaloLayout dy)
    {
        if (!WinogradConvolution.Supports(shape) || (dy.Height, dy.Width) != (shape.OutputHeight, shape.OutputWidth)) return false;
        int tiles = WinogradTiles.Covering(dy.Height, shape.KernelHeight) * WinogradTiles.Covering(dy.Width, shape.KernelHeight);
        int inputBlocks = (shape.Inputs + Block - 1) / Block, pairs = (dy.Planes / shape.Groups + 1) / 2;
        return tiles >= FewestTiles && inputBlocks * pairs >= FewestTasks && dy.Height * dy.Width * shape.Window >= LeastGain * Products * tiles;
    }

    /// <summary>target += Σ over images of (Σ over positions of dy · x)².</summary>
    public void Add(float* x, float* dy, float* target, float* scratch)
    {
        source = x;
        gradient = dy;
        this.target = target;
        v = scratch;
        g = v + Products * inputPlane;
        squares = g + Products * outputPlane;
        sums = squares + Tasks * taskSquares;
        new Span<float>(squares, checked((int)(Tasks * taskSquares))).Clear();
        for (int image = 0; image < shape.Batch; image += images)
            for (piece = 0; piece < pieces; piece++)
            {
                first = image * inputs.PerImage + Start(piece);
                count = images > 1 ? Math.Min(images, shape.Batch - image) * inputs.PerImage : Start(piece + 1) - Start(piece);
                threads.For((count + StripTiles - 1) / StripTiles * (InputChunks + OutputChunks), transform);
                threads.For(Tasks, multiply);
            }
        threads.For(Tasks, finish);
    }

    // The first tile of a piece of an image.
    private int Start(int piece) => (int)((long)inputs.PerImage * piece / pieces);

    private int InputChunks => (x.Planes + TransformPlanes - 1) / TransformPlanes;

    private int OutputChunks => (dy.Planes + TransformPlanes - 1) / TransformPlanes;

    // A task's outputs, one or two blocks, and inputs, counted in the group.
    private (int Group, int Output, int Outputs, int Input, int Inputs) Task(int task)
    {
        int pair = task / chunks, group = pair / pairs, output = pair % pairs * 2, input = task % chunks * taskBlocks;
        return (group, group * outputBlocks + output, Math.Min(2, outputBlocks - output), input, Math.Min(taskBlocks, inputBlocks - input));
    }

    // v: 36 × tiles × input channels; g: 36 × output blocks × tiles × 16.
    private void Transform(int worker, int task)
    {
        int all = InputChunks + OutputChunks, start = task / all * StripTiles, chunk = task % all, length = Math.Min(StripTiles, count - start);
        TileSpot* spots = stackalloc TileSpot[StripTiles];
        float* zeros = stackalloc float[6 * Block];
        new Span<float>(zeros, 6 * Block).Clear();
        bool input = chunk < InputChunks;
        (input ? inputs : outputs).Locate(first + start, length, spots);
        int from = (input ? chunk : chunk - InputChunks) * TransformPlanes, to = Math.Min(input ? x.Planes : dy.Planes, from + TransformPlanes);
        for (int plane = from; plane < to; plane++)
        {
            if (input) transforms.Input(source + plane * x.Plane, 0, x.Row, spots, length, zeros, v + start * tileStep + plane * Block, tileStep, inputPlane);
            else transforms.OutputAdjoint(gradient + plane * dy.Plane, 0, dy.Row, spots, length, zeros, g + plane * outputStep + start * Block, Block, outputPlane);
        }
    }

    private void Multiply(int worker, int task)
    {
        var (group, block, blocks, input, length) = Task(task);
        float* own = sums + (pieces > 1 ? task : worker) * taskSums;
        int step = pieces > 1 ? count : inputs.PerImage;
        for (int tile = 0; tile < count; tile += step)
        {
            Multiply(v + tile * tileStep + (group * inputBlocks + input) * Block, g + block * outputStep + tile * Block, step, length * Block, blocks, own);
            if (piece == pieces - 1) AddSquares(own, length, blocks, squares + task * taskSquares);
        }
    }

    // own: 36 × up to 2 blocks × input channel × 16. Input channels are the rows of the register tiles, tiles the steps.
    private void Multiply(float* channels, float* errors, int tiles, int channelCount, int blocks, float* own)
    {
        delegate*<TileWork*, void>[] kernels = blocks == 2 ? two : one;
        var work = new TileWork
        {
            Offsets = origin.Pointer,
            Taps = 1,
            Length = tiles,
            Step = tileStep,
            Stride = 1,
            WeightBlock = outputStep,
            ResultRow = Block,
            ResultBlock = channelCount * Block,
            Accumulate = piece > 0,
        };
        int parts = (channelCount + rows - 1) / rows;
        for (int product = 0; product < Products; product++, channels += inputPlane, errors += outputPlane, own += blocks * channelCount * Block)
        {
            work.Weight = errors;
            for (int part = 0; part < parts; part++)
            {
                int start = channelCount * part / parts, end = channelCount * (part + 1) / parts;
                work.Source = channels + start;
                work.Result = own + start * Block;
                kernels[end - start](&work);
            }
        }
    }

    // all: block × input channel × tap × 16.
    private void AddSquares(float* own, int length, int blocks, float* all)
    {
        int plane = length * Block * Block, values = shape.Window * Block * Block;
        float* memory = stackalloc float[values + Block], windows = (float*)(((nuint)memory + 63) / 64 * 64);
        for (int i = 0; i < blocks; i++)
            for (int b = 0; b < length; b++, all += values)
            {
                transforms.WeightsAdjoint(own + i * plane + b * Block * Block, blocks * plane, Block, windows);
                for (int j = 0; j < values; j += Block)
                {
                    Vector512<float> value = Vector512.Load(windows + j);
                    Vector512.MultiplyAddEstimate(value, value, Vector512.Load(all + j)).Store(all + j);
                }
            }
    }

    private void Finish(int worker, int task)
    {
        var (_, block, blocks, input, length) = Task(task);
        float* from = squares + task * taskSquares;
        for (int i = 0; i < blocks; i++)
            for (int b = 0; b < length; b++, from += shape.Window * Block * Block)
            {
                int o = (block + i) * Block, channel = (input + b) * Block, used = Math.Min(Block, shape.Inputs / shape.Groups - channel) * shape.Window;
                WeightPacking.AddUnpacked(
                    from, columns.Pointer, scale: 1, Math.Min(Block, shape.Outputs - o), used, target + (long)o * shape.FanIn + (long)channel * shape.Window, shape.FanIn);
            }
    }
}

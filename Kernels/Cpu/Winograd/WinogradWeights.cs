namespace EvenNet.Kernels.Cpu;

/// <summary>
/// Transformed weights of a <see cref="WinogradPass"/>: group × pair of result blocks × 36 × block of the pair × source channel × 16 result channels,
/// so that what a pair reads is one stream.
/// </summary>
internal sealed unsafe class WinogradWeights
{
    private const int Block = HaloLayout.Block, Products = WinogradPass.Products;
    private const int ChunkBlocks = 8;      // source blocks of a task

    private readonly ConvolutionShape shape;
    private readonly bool transposed;
    private readonly Threads threads;
    private readonly WinogradTransforms transforms;
    private readonly Action<int, int> pack;
    private readonly int resultBlocks, sourceBlocks, chunks;
    private float* weights, packed;
    private float scale;

    /// <param name="shape">The convolution.</param>
    /// <param name="transposed">For backward-data: results are the convolution's inputs, and windows are flipped.</param>
    /// <param name="threads">Who works.</param>
    /// <param name="width">Which vectors.</param>
    public WinogradWeights(ConvolutionShape shape, bool transposed, Threads threads, VectorWidth width)
    {
        (this.shape, this.transposed, this.threads, transforms, pack) = (shape, transposed, threads, WinogradTransforms.Of(width, shape.KernelHeight), PackBlock);
        int inputs = Blocks(shape.Inputs), outputs = Blocks(shape.Outputs);
        (resultBlocks, sourceBlocks) = transposed ? (inputs, outputs) : (outputs, inputs);
        chunks = (sourceBlocks + ChunkBlocks - 1) / ChunkBlocks;
    }

    /// <summary>Taps of a window's side.</summary>
    public int Window => shape.KernelHeight;

    /// <summary>Floats.</summary>
    public long Count => shape.Groups * resultBlocks * BlockCount;

    /// <summary>Floats of one result block.</summary>
    public long BlockCount => Products * PlaneCount;

    /// <summary>Floats of one result block for one of the 36 products.</summary>
    public long PlaneCount => (long)sourceBlocks * Block * Block;

    /// <summary>Transforms scale · weights, outputs × inputs of a group × window.</summary>
    public void Pack(float* weights, float scale, float* packed)
    {
        this.weights = weights;
        this.packed = packed;
        this.scale = scale;
        threads.For(shape.Groups * resultBlocks * chunks, pack);
    }

    private int Taps => shape.Window;

    private int Blocks(int channels) => (channels / shape.Groups + Block - 1) / Block;

    private void PackBlock(int worker, int task)
    {
        int chunk = task % chunks, result = task / chunks % resultBlocks, group = task / chunks / resultBlocks;
        int first = result / 2 * 2, pairBlocks = Math.Min(2, resultBlocks - first);
        long plane = pairBlocks * PlaneCount;
        float* to = packed + (group * resultBlocks + first) * BlockCount + (result - first) * PlaneCount;

        float* memory = stackalloc float[(Taps * Block + 1) * Block], windows = (float*)(((nuint)memory + 63) / 64 * 64);
        for (int source = chunk * ChunkBlocks; source < Math.Min(sourceBlocks, (chunk + 1) * ChunkBlocks); source++)
        {
            if (transposed) GatherFlipped(group, result, source, windows);
            else Gather(group, result, source, windows);
            transforms.Weights(windows, to + (long)source * Block * Block, plane);
        }
    }

    // windows[k, tap, lane]: k counts a source block's channels, lanes a result block's; what is beyond the last channel is zero.
    private void Gather(int group, int result, int source, float* windows)
    {
        int outputs = shape.Outputs / shape.Groups, inputs = shape.Inputs / shape.Groups, c = source * Block;
        int rows = Math.Min(Block, outputs - result * Block), columns = Math.Min(Block, inputs - c) * Taps;
        long* offsets = stackalloc long[Taps * Block];
        for (int j = 0; j < Taps * Block; j++) offsets[j] = j * Block;
        float* from = weights + (long)(group * outputs + result * Block) * shape.FanIn + (long)c * Taps;
        WeightPacking.Pack(from, shape.FanIn, rows, columns, offsets, scale, windows);
        new Span<float>(windows + columns * Block, (Taps * Block - columns) * Block).Clear();
    }

    private void GatherFlipped(int group, int result, int source, float* windows)
    {
        int outputs = shape.Outputs / shape.Groups, inputs = shape.Inputs / shape.Groups, c = result * Block;
        int rows = Math.Min(Block, inputs - c);
        long* offsets = stackalloc long[Taps];
        for (int tap = 0; tap < Taps; tap++) offsets[tap] = (Taps - 1 - tap) * Block;
        for (int k = 0; k < Block; k++)
        {
            int o = source * Block + k;
            float* from = weights + (long)(group * outputs + o) * shape.FanIn + (long)c * Taps;
            WeightPacking.Pack(from, Taps, o < outputs ? rows : 0, Taps, offsets, scale, windows + k * Taps * Block);
        }
    }
}

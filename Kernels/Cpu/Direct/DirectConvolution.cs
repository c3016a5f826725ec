namespace EvenNet.Kernels.Cpu;

/// <summary>
/// Convolution straight from the blocked layout (or, for a first layer, a plain one) by register tiles over tables of taps.
/// Works on raw pointers in the layouts it was made for; allocates only when it is made.
/// </summary>
internal sealed unsafe class DirectConvolution
{
    private const int Block = HaloLayout.Block;

    private readonly ConvolutionShape shape;
    private readonly Threads threads;
    private readonly bool blocked;
    private readonly TilePass forward;
    private readonly List<Phase> phases = [];
    private readonly DirectWeightGradient? weightGradient;
    private readonly PinnedTable forwardRows;
    private readonly Action<int, int> packForward, packBackward;
    private readonly int inputBlocks, outputBlocks;       // of one group
    private float* logical, packed;
    private float scale;

    // One phase of backward-data: the input pixels of one remainder by the stride, and the window's taps that reach them.
    private sealed record Phase(TilePass Pass, long WeightStart, int[] WindowTaps, bool IsEmpty);

    /// <param name="shape">The convolution.</param>
    /// <param name="x">Its input: blocked, or plain for a first layer; a halo of at least <see cref="InputHalo"/>.</param>
    /// <param name="y">Its output, blocked.</param>
    /// <param name="dy">The output's gradient, blocked, with a halo of at least <see cref="OutputGradientHalo"/>; null plans no backward pass.</param>
    /// <param name="dx">The input's gradient, blocked; null plans none.</param>
    /// <param name="threads">Who works.</param>
    /// <param name="width">Which tiles; the widest by default.</param>
    public DirectConvolution(
        ConvolutionShape shape, HaloLayout x, HaloLayout y, HaloLayout? dy, HaloLayout? dx, Threads threads, VectorWidth? width = null)
    {
        blocked = x.Lanes == Block;
        if (!Supports(shape, blocked)) throw new ArgumentException($"no direct convolution for {shape}, {(blocked ? "blocked" : "plain")}", nameof(shape));
        Require("x", x, shape.Inputs, shape.Height, shape.Width, InputHalo(shape), x.Lanes);
        Require("y", y, shape.Outputs, shape.OutputHeight, shape.OutputWidth, halo: 0, Block);
        (this.shape, this.threads) = (shape, threads);
        (packForward, packBackward) = (PackForwardBlock, PackBackwardBlocks);
        (inputBlocks, outputBlocks) = (x.Planes / shape.Groups, y.Planes / shape.Groups);
        VectorWidth tiles = width ?? VectorWidth.Widest;

        forward = PlanForward(x, y, tiles);
        forwardRows = new PinnedTable([.. Enumerable.Range(0, shape.FanIn).Select(ForwardRow)]);
        if (dy is { } gradient)
        {
            Require("dy", gradient, shape.Outputs, shape.OutputHeight, shape.OutputWidth, dx is null ? 0 : OutputGradientHalo(shape), Block);
            weightGradient = new DirectWeightGradient(shape, x, gradient, threads, tiles);
            if (dx is { } target)
            {
                Require("dx", target, shape.Inputs, shape.Height, shape.Width, halo: 0, Block);
                PlanBackwardData(gradient, target, tiles);
            }
        }
    }

    /// <summary>Floats of the weights packed for <see cref="Forward"/>.</summary>
    public long ForwardWeightCount => forward.WeightCount;

    /// <summary>Floats of the weights packed for <see cref="BackwardData"/>.</summary>
    public long BackwardWeightCount => phases.Sum(phase => phase.Pass.WeightCount);

    /// <summary>Floats of a bias as <see cref="Forward"/> reads it: the outputs, rounded up to 16 with zeros.</summary>
    public int BiasCount => shape.Groups * outputBlocks * Block;

    /// <summary>
    /// A blocked input takes groups of whole blocks, or any channels in one group: the zero lanes of the last block are harmless.
    /// A plain input takes one group of few channels, whose gradient nobody asks for.
    /// </summary>
    public static bool Supports(ConvolutionShape shape, bool blocked) =>
        shape.OutputHeight > 0 && shape.OutputWidth > 0 &&
        (shape.Groups == 1 || (shape.Inputs / shape.Groups % Block == 0 && shape.Outputs / shape.Groups % Block == 0)) &&
        (blocked || (shape.Groups == 1 && shape.Inputs <= 4));

    /// <summary>Whether <see cref="BackwardData"/> exists.</summary>
    public static bool SupportsBackwardData(ConvolutionShape shape, bool blocked) => blocked && Supports(shape, blocked);

    /// <summary>The halo that windows reach into.</summary>
    public static int InputHalo(ConvolutionShape shape) => Math.Max(shape.PadHeight, shape.PadWidth);

    /// <summary>The halo of dy that <see cref="BackwardData"/> reads: how far the flipped window reaches beyond the output.</summary>
    public static int OutputGradientHalo(ConvolutionShape shape) => Math.Max(
        Reach(shape.Height, shape.KernelHeight, shape.StrideHeight, shape.PadHeight, shape.DilationHeight, shape.OutputHeight),
        Reach(shape.Width, shape.KernelWidth, shape.StrideWidth, shape.PadWidth, shape.DilationWidth, shape.OutputWidth));

    /// <summary>Floats of scratch that <see cref="BackwardWeights"/> wants; no layout's halo matters.</summary>
    public static long GradientScratch(ConvolutionShape shape, bool blocked, Threads threads)
    {
        var x = new HaloLayout(shape.Inputs, shape.Height, shape.Width, InputHalo(shape), blocked ? Block : 1);
        var dy = new HaloLayout(shape.Outputs, shape.OutputHeight, shape.OutputWidth);
        return new DirectWeightGradient(shape, x, dy, threads, VectorWidth.Widest).ScratchCount;
    }

    /// <summary>Packs scale · weights, outputs × inputs of a group × kernel height × kernel width, for <see cref="Forward"/>.</summary>
    public void PackForward(float* weights, float scale, float* packed)
    {
        logical = weights;
        this.scale = scale;
        this.packed = packed;
        threads.For(shape.Groups * outputBlocks, packForward);
    }

    /// <summary>Packs scale · weights for <see cref="BackwardData"/>.</summary>
    public void PackBackwardData(float* weights, float scale, float* packed)
    {
        logical = weights;
        this.scale = scale;
        this.packed = packed;
        threads.For(shape.Groups * inputBlocks, packBackward);
    }

    /// <summary>y = weight · x + bias, then max(y, 0) if <paramref name="relu"/>. Writes y's halo and last lanes too, as zeros. A null bias is zero.</summary>
    public void Forward(float* x, float* packedWeights, float* bias, float* y, bool relu) =>
        forward.Run(x, packedWeights, bias, y, accumulate: false, relu, clearHalo: true);

    /// <summary>dx = weightᵀ · dy, halo and last lanes zero; or dx += weightᵀ · dy, its halo left alone.</summary>
    public void BackwardData(float* dy, float* packedWeights, float* dx, bool accumulate)
    {
        bool first = true;
        foreach (Phase phase in phases)
        {
            if (phase.IsEmpty || (accumulate && phase.WindowTaps.Length == 0)) continue;
            phase.Pass.Run(dy, packedWeights + phase.WeightStart, null, dx, accumulate, relu: false, clearHalo: first && !accumulate);
            first = false;
        }
    }

    /// <summary>gradient += scale · Σ dy · x over images and positions, in the weights' order.</summary>
    public void BackwardWeights(float* x, float* dy, float scale, float* gradient, float* scratch) =>
        weightGradient!.Add(x, dy, scale, gradient, scratch);

    private TilePass PlanForward(HaloLayout x, HaloLayout y, VectorWidth width)
    {
        bool wholeRows = !blocked && shape.DilationWidth == 1;      // a row of the window is contiguous in a plain image
        var offsets = new List<long>();
        for (int plane = 0; plane < x.Planes / shape.Groups; plane++)
            for (int r = 0; r < shape.KernelHeight; r++)
                for (int s = 0; s < (wholeRows ? 1 : shape.KernelWidth); s++)
                    offsets.Add(plane * x.Plane + r * shape.DilationHeight * x.Row + s * shape.DilationWidth * x.Lanes);

        var grid = new TileGrid(
            shape.OutputHeight, shape.OutputWidth, Length: wholeRows ? shape.KernelWidth : x.Lanes,
            SourceStart: x.At(0, -shape.PadHeight, -shape.PadWidth), shape.StrideHeight * x.Row, shape.StrideWidth * x.Lanes,
            ResultStart: y.At(0, 0, 0), y.Row, Block);
        return new TilePass(shape.Batch, shape.Groups, x, y, new PinnedTable(offsets), grid, threads, width);
    }

    // dx[h, w] takes from dy[(h + pad − r · dilation) / stride, …] for the taps where that divides: which ones depends on h and w
    // modulo the stride only. So each remainder is a convolution of stride 1 over dy, its results a stride apart in dx.
    private void PlanBackwardData(HaloLayout dy, HaloLayout dx, VectorWidth width)
    {
        long start = 0;
        for (int h = 0; h < shape.StrideHeight; h++)
            for (int w = 0; w < shape.StrideWidth; w++)
            {
                var rows = Taps(h, shape.KernelHeight, shape.StrideHeight, shape.PadHeight, shape.DilationHeight).ToList();
                var columns = Taps(w, shape.KernelWidth, shape.StrideWidth, shape.PadWidth, shape.DilationWidth).ToList();
                var offsets = new List<long>();
                for (int plane = 0; plane < outputBlocks; plane++)
                    offsets.AddRange(from row in rows from column in columns select plane * dy.Plane + row.Shift * dy.Row + column.Shift * Block);

                int height = Count(shape.Height, h, shape.StrideHeight), wide = Count(shape.Width, w, shape.StrideWidth);
                var grid = new TileGrid(
                height, wide, Length: Block, SourceStart: dy.At(0, 0, 0), dy.Row, Block,
                ResultStart: dx.At(0, h, w), shape.StrideHeight * dx.Row, shape.StrideWidth * Block);
                var pass = new TilePass(shape.Batch, shape.Groups, dy, dx, new PinnedTable(offsets), grid, threads, width);
                int[] taps = [.. from row in rows from column in columns select row.Tap * shape.KernelWidth + column.Tap];
                phases.Add(new Phase(pass, start, taps, height == 0 || wide == 0));
                start += pass.WeightCount;
            }
    }

    // Last tap first, so that shifts rise and dy is read forwards: backwards costs 15 % on large maps.
    private static IEnumerable<(int Tap, int Shift)> Taps(int remainder, int kernel, int stride, int pad, int dilation) =>
        from tap in Enumerable.Range(0, kernel).Reverse()
        let distance = remainder + pad - tap * dilation
        where distance % stride == 0
        select (tap, distance / stride);

    private static int Count(int size, int remainder, int stride) => (size - remainder + stride - 1) / stride;

    private static int Reach(int size, int kernel, int stride, int pad, int dilation, int output)
    {
        int reach = 0;
        for (int remainder = 0; remainder < Math.Min(stride, size); remainder++)
            foreach ((int _, int shift) in Taps(remainder, kernel, stride, pad, dilation))
                reach = Math.Max(reach, Math.Max(-shift, Count(size, remainder, stride) - 1 + shift - (output - 1)));
        return reach;
    }

    // Where column j of the logical weights lies in a packed block: channel, row, column there; block, row, column, channel here.
    private long ForwardRow(int column)
    {
        int channel = column / shape.Window, tap = column % shape.Window;
        return blocked ? (((long)channel / Block * shape.Window + tap) * Block + channel % Block) * Block : (long)column * Block;
    }

    private void PackForwardBlock(int worker, int block)
    {
        long size = forward.WeightCount / (shape.Groups * outputBlocks);
        float* target = packed + block * size;
        if (size > (long)shape.FanIn * Block) new Span<float>(target, (int)size).Clear();
        int rows = Math.Min(Block, shape.Outputs - block * Block);
        WeightPacking.Pack(logical + (long)block * Block * shape.FanIn, shape.FanIn, rows, shape.FanIn, forwardRows.Pointer, scale, target);
    }

    private void PackBackwardBlocks(int worker, int block)
    {
        int group = block / inputBlocks, c = block % inputBlocks * Block, rows = Math.Min(Block, shape.Inputs / shape.Groups - c);
        long* offsets = stackalloc long[shape.Window];
        for (int plane = 0; plane < outputBlocks; plane++)
        {
            foreach (Phase phase in phases)
                for (int i = 0; i < phase.WindowTaps.Length; i++)
                    offsets[phase.WindowTaps[i]] = phase.WeightStart + (((long)block * outputBlocks + plane) * phase.WindowTaps.Length + i) * Block * Block;
            for (int lane = 0; lane < Block; lane++)
            {
                int o = (group * outputBlocks + plane) * Block + lane;
                float* weights = logical + (long)o * shape.FanIn + (long)c * shape.Window;
                WeightPacking.Pack(weights, shape.Window, o < shape.Outputs ? rows : 0, shape.Window, offsets, scale, packed + lane * Block);
            }
        }
    }

    private static void Require(string name, HaloLayout layout, int channels, int height, int width, int halo, int lanes)
    {
        if ((layout.Channels, layout.Height, layout.Width, layout.Lanes) != (channels, height, width, lanes) || layout.Halo < halo)
            throw new ArgumentException($"{name} is {layout}, but {channels}×{height}×{width} in {lanes} lanes with a halo of {halo} or more was expected");
    }
}

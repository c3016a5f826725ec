namespace EvenNet.Kernels.Cpu;

/// <summary>
/// Convolution of 3 × 3 or 5 × 5 windows and stride 1 in the blocked layout by F(4×4, 3×3) or F(2×2, 5×5): 36 multiplications instead of 144 or 100 of
/// <see cref="DirectConvolution"/> where tiles fit the map, at about twice its rounding error. The same contract, except that all passes take scratch.
/// </summary>
internal sealed unsafe class WinogradConvolution
{
    private readonly WinogradWeights? forwardWeights, backwardWeights;
    private readonly WinogradPass? forward, backwardData;
    private readonly WinogradWeightGradient? weightGradient;

    /// <param name="shape">The convolution.</param>
    /// <param name="x">Its input, blocked, with a halo of at least <see cref="DirectConvolution.InputHalo"/>.</param>
    /// <param name="y">Its output, blocked.</param>
    /// <param name="dy">The output's gradient, blocked, with a halo of at least <see cref="DirectConvolution.OutputGradientHalo"/>; null plans no backward pass.</param>
    /// <param name="dx">The input's gradient, blocked; null plans none.</param>
    /// <param name="threads">Who works.</param>
    /// <param name="width">Which vectors and tiles; the widest by default.</param>
    /// <param name="passes">Which passes to plan; all by default.</param>
    public WinogradConvolution(
        ConvolutionShape shape, HaloLayout x, HaloLayout y, HaloLayout? dy, HaloLayout? dx, Threads threads, VectorWidth? width = null, WinogradPasses? passes = null)
    {
        if (!Supports(shape)) throw new ArgumentException($"no Winograd convolution for {shape}", nameof(shape));
        (VectorWidth vectors, WinogradPasses planned) = (width ?? VectorWidth.Widest, passes ?? WinogradPasses.All);
        if (planned.Forward)
        {
            forwardWeights = new WinogradWeights(shape, transposed: false, threads, vectors);
            forward = new WinogradPass(shape.Batch, shape.Groups, x, (-shape.PadHeight, -shape.PadWidth), y, forwardWeights, threads, vectors);
        }
        if (dy is not { } gradient) return;
        if (planned.BackwardWeights) weightGradient = new WinogradWeightGradient(shape, x, gradient, threads, vectors);
        if (!planned.BackwardData || dx is not { } target) return;
        backwardWeights = new WinogradWeights(shape, transposed: true, threads, vectors);
        backwardData = new WinogradPass(
            shape.Batch, shape.Groups, gradient, (shape.PadHeight - shape.KernelHeight + 1, shape.PadWidth - shape.KernelWidth + 1), target, backwardWeights, threads, vectors);
    }

    /// <summary>Floats of the weights packed for <see cref="Forward"/>.</summary>
    public long ForwardWeightCount => forwardWeights?.Count ?? 0;

    /// <summary>Floats of the weights packed for <see cref="BackwardData"/>.</summary>
    public long BackwardWeightCount => backwardWeights?.Count ?? 0;

    /// <summary>Floats of scratch that <see cref="Forward"/> wants. Of this and the next two no layout's halo matters; a pass that is not planned wants none.</summary>
    public long ForwardScratchCount => forward?.ScratchCount ?? 0;

    /// <summary>Floats of scratch that <see cref="BackwardData"/> wants.</summary>
    public long BackwardDataScratchCount => backwardData?.ScratchCount ?? 0;

    /// <summary>Floats of scratch that <see cref="BackwardWeights"/> wants.</summary>
    public long WeightGradientScratchCount => weightGradient?.ScratchCount ?? 0;

    /// <summary>Whole blocks a group, or one group of any channels.</summary>
    public static bool Supports(ConvolutionShape shape) =>
        shape is { KernelHeight: 3 or 5, StrideHeight: 1, StrideWidth: 1, DilationHeight: 1, DilationWidth: 1 } && shape.KernelWidth == shape.KernelHeight
        && DirectConvolution.Supports(shape, blocked: true);

    /// <inheritdoc cref="DirectConvolution.PackForward"/>
    public void PackForward(float* weights, float scale, float* packed) => forwardWeights!.Pack(weights, scale, packed);

    /// <inheritdoc cref="DirectConvolution.PackBackwardData"/>
    public void PackBackwardData(float* weights, float scale, float* packed) => backwardWeights!.Pack(weights, scale, packed);

    /// <inheritdoc cref="DirectConvolution.Forward"/>
    public void Forward(float* x, float* packedWeights, float* bias, float* y, bool relu, float* scratch) =>
        forward!.Run(x, packedWeights, bias, y, accumulate: false, relu, scratch);

    /// <inheritdoc cref="DirectConvolution.BackwardData"/>
    public void BackwardData(float* dy, float* packedWeights, float* dx, bool accumulate, float* scratch) =>
        backwardData!.Run(dy, packedWeights, null, dx, accumulate, relu: false, scratch);

    /// <inheritdoc cref="DirectConvolution.BackwardWeights"/>
    public void BackwardWeights(float* x, float* dy, float scale, float* gradient, float* scratch) =>
        weightGradient!.Add(x, dy, scale, gradient, scratch);
}

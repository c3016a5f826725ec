using EvenNet.Framework;

namespace EvenNet.Kernels.Cpu;

/// <summary>Which passes of a convolution run by <see cref="WinogradConvolution"/>.</summary>
internal readonly record struct WinogradPasses(bool Forward, bool BackwardData, bool BackwardWeights)
{
    // Below these, measured on the layers of the published nets at batches of 1 to 32, the direct kernels are as fast. With few tiles the transformed
    // weights (four times the weights of 3 × 3) cost more to read than they save; more so where each step transforms them anew. Windows of 5 × 5 have
    // smaller tiles, whose transforms cost more beside the products: these need channels.
    private const int LeastTiles3 = 12, LeastTilesInTraining3 = 32, LeastTiles5 = 160, LeastTilesInTraining5 = 256, LeastChannels5 = 48;
    private const double LeastUse = 0.5;        // of the tiles' outputs

    public static WinogradPasses None => default;

    public static WinogradPasses All => new(true, true, true);

    /// <summary>The faster way for each pass, by the shape. training: a backward pass is planned, so that weights change with every step.</summary>
    public static WinogradPasses For(ConvolutionShape shape, bool training)
    {
        if (!WinogradConvolution.Supports(shape)) return None;
        bool isSmall = shape.KernelHeight == 3;
        if (!isSmall && Math.Min(shape.Inputs, shape.Outputs) / shape.Groups < LeastChannels5) return None;
        var (least, leastInTraining) = isSmall ? (LeastTiles3, LeastTilesInTraining3) : (LeastTiles5, LeastTilesInTraining5);
        bool Pays(int height, int width, int enough)
        {
            long tiles = TileCount(shape, height, width), step = WinogradTiles.StepOf(shape.KernelHeight);
            return tiles >= enough && (double)shape.Batch * height * width >= LeastUse * tiles * step * step;
        }
        bool backward = Pays(shape.OutputHeight, shape.OutputWidth, leastInTraining);
        return new(training ? backward : Pays(shape.OutputHeight, shape.OutputWidth, least), Pays(shape.Height, shape.Width, leastInTraining), backward);
    }

    /// <summary>Floating-point operations of the passes: in a Winograd pass, those of its 36 products.</summary>
    public KernelOperations Operations(ConvolutionShape shape)
    {
        double channels = 2.0 * shape.Outputs * shape.Inputs / shape.Groups;
        double direct = channels * shape.Window * shape.Batch * shape.OutputHeight * shape.OutputWidth;
        if (this == None) return new(direct, direct, direct);
        double Winograd(int height, int width) => channels * WinogradPass.Products * TileCount(shape, height, width);
        double output = Winograd(shape.OutputHeight, shape.OutputWidth);
        return new(Forward ? output : direct, BackwardData ? Winograd(shape.Height, shape.Width) : direct, BackwardWeights ? output : direct);
    }

    private static long TileCount(ConvolutionShape shape, int height, int width) =>
        (long)shape.Batch * WinogradTiles.Covering(height, shape.KernelHeight) * WinogradTiles.Covering(width, shape.KernelHeight);
}

using EvenNet.Framework;

namespace EvenNet.Kernels.Cpu;

/// <summary>Which passes of a convolution run by <see cref="WinogradConvolution"/>.</summary>
internal readonly record struct WinogradPasses(bool Forward, bool BackwardData, bool BackwardWeights)
{
    // Below these, measured on the layers of the published nets at batches of 1 to 32, the direct kernels are as fast. With few tiles the transformed
    // weights (four times the weights) cost more to read than they save; more so where each step transforms them anew; most in the weights' gradient.
    private const int LeastTiles = 12, LeastTilesInTraining = 32, LeastTilesForWeights = 32;
    private const double LeastUse = 0.5;        // of the tiles' outputs

    public static WinogradPasses None => default;

    public static WinogradPasses All => new(true, true, true);

    /// <summary>The faster way for each pass, by the shape. training: a backward pass is planned, so that weights change with every step.</summary>
    public static WinogradPasses For(ConvolutionShape shape, bool training)
    {
        if (!WinogradConvolution.Supports(shape)) return None;
        bool Pays(int height, int width, int least)
        {
            long tiles = TileCount(shape, height, width), step = WinogradTiles.StepOf(shape.KernelHeight);
            return tiles >= least && (double)shape.Batch * height * width >= LeastUse * tiles * step * step;
        }
        return new(
            Pays(shape.OutputHeight, shape.OutputWidth, training ? LeastTilesInTraining : LeastTiles),
            Pays(shape.Height, shape.Width, LeastTilesInTraining),
            Pays(shape.OutputHeight, shape.OutputWidth, LeastTilesForWeights));
    }

    /// <summary>Floating-point operations of the passes: in a Winograd pass, those of its 36 products.</summary>
    public KernelOperations Operations(ConvolutionShape shape)
    {
        double channels = 2.0 * shape.Outputs * shape.Inputs / shape.Groups;
        double direct = channels * shape.Window * shape.Batch * shape.OutputHeight * shape.OutputWidth;
        double Winograd(int height, int width) => channels * WinogradPass.Products * TileCount(shape, height, width);
        double output = Winograd(shape.OutputHeight, shape.OutputWidth);
        return new(Forward ? output : direct, BackwardData ? Winograd(shape.Height, shape.Width) : direct, BackwardWeights ? output : direct);
    }

    private static long TileCount(ConvolutionShape shape, int height, int width) =>
        (long)shape.Batch * WinogradTiles.Covering(height, shape.KernelHeight) * WinogradTiles.Covering(width, shape.KernelHeight);
}

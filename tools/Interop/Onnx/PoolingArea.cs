using EvenNet.Framework;

namespace EvenNet.Interop;

/// <summary>How many cells the means of an average pooling are over: less at the border, where a last window hangs over the padding.</summary>
internal static class PoolingArea
{
    /// <summary>For each position of the output the window's whole area over its area within the padding.</summary>
    public static float[] Factors(Pooling layer, Shape from, Shape to)
    {
        float[] factors = new float[to.Plane];
        for (int p = 0; p < to.Height; p++)
        {
            int rows = Within(p, layer.Kernel.Height, layer.Stride.Height, layer.Pad.Height, from.Height);
            for (int q = 0; q < to.Width; q++)
            {
                int columns = Within(q, layer.Kernel.Width, layer.Stride.Width, layer.Pad.Width, from.Width);
                factors[p * to.Width + q] = (float)((double)layer.Kernel.Height * layer.Kernel.Width / ((double)rows * columns));
            }
        }
        return factors;
    }

    private static int Within(int window, int kernel, int stride, int pad, int size) => Math.Min(kernel, size + 2 * pad - window * stride);
}

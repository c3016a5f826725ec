namespace EvenNet.Kernels.Cuda;

/// <summary>What follows a library's product: y = scale · (bias + sums), rectified if asked, by an own kernel.</summary>
internal static class AffineOutput
{
    /// <summary>In place of the sums.</summary>
    public static CudaLaunch Of(CudaDevice device, int channels, int plane, long count, bool relu, in CudaOperands o) =>
        new(device, "affine_output", CudaGrid.Elements(count)) { count, channels, plane, relu, o.Bias, o.Scale, o.Output };

    /// <summary>From sums in bfloat16.</summary>
    public static CudaLaunch OfBfloat16(CudaDevice device, int channels, int plane, long count, bool relu, ulong sums, in CudaOperands o) =>
        new(device, "affine_output_bfloat16", CudaGrid.Elements(count)) { count, channels, plane, relu, sums, o.Bias, o.Scale, o.Output };
}

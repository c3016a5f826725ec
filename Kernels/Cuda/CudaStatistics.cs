using EvenNet.Framework;

namespace EvenNet.Kernels.Cuda;

/// <summary>Channels' moments and scales and sums of squares on the device, in double; what the host asks for it waits for.</summary>
internal sealed class CudaStatistics(CudaDevice device, CudaWorkspace workspace)
{
    // A fixed number of sums, so that the result does not depend on the device.
    private const int Sums = 1024;

    public ChannelMoments Moments(Tensor value)
    {
        int channels = value.Shape.Channels;
        ulong mean = workspace.Take(2L * channels * sizeof(double)), deviation = mean + sizeof(double) * (ulong)channels;
        new CudaLaunch(device, "channel_moments", CudaGrid.Channels(channels, (long)value.Batch * value.Shape.Plane)) { value.Batch, channels, value.Shape.Plane, value.Address, mean, deviation }.Run();
        double[] means = new double[channels], deviations = new double[channels];
        device.Read<double>(mean, means);
        device.Read<double>(deviation, deviations);
        return new ChannelMoments(means, deviations);
    }

    public void Scale(Tensor value, double[] scale, double[] shift)
    {
        int channels = value.Shape.Channels;
        ulong scales = workspace.Take(2L * channels * sizeof(double)), shifts = scales + sizeof(double) * (ulong)channels;
        device.Write<double>(scales, scale);
        device.Write<double>(shifts, shift);
        new CudaLaunch(device, "scale_channels", CudaGrid.Elements(value.Count)) { value.Count, channels, value.Shape.Plane, scales, shifts, value.Address }.Run();
    }

    public double SquaredNorm(Region region) => Sum("squared_sums", region);

    /// <summary>The sum that a kernel's blocks make parts of.</summary>
    public double Sum(string kernel, Region region)
    {
        if (region.Count == 0) return 0;
        ulong sums = workspace.Take((Sums + 1L) * sizeof(double)), total = sums + Sums * sizeof(double);
        new CudaLaunch(device, kernel, CudaGrid.Blocks(Sums)) { region.Count, region.Address, sums }.Run();
        new CudaLaunch(device, "sum_of_sums", CudaGrid.Blocks(1)) { Sums, sums, total }.Run();
        double[] norm = new double[1];
        device.Read<double>(total, norm);
        return norm[0];
    }

    /// <summary>Multiplies values by a factor, in double.</summary>
    public void Multiply(Region region, double factor)
    {
        ulong constants = workspace.Take(2 * sizeof(double));
        device.Write<double>(constants, [factor, 0]);
        new CudaLaunch(device, "scale_channels", CudaGrid.Elements(region.Count)) { region.Count, 1, (int)Math.Min(region.Count, int.MaxValue), constants, constants + sizeof(double), region.Address }.Run();
    }
}

using EvenNet.Framework;

namespace EvenNet.Kernels.Cuda;

/// <summary>Batch normalization: a block a channel, moments in two passes and in double.</summary>
internal static class CudaBatchNorm
{
    public static KernelOffer? Offer(KernelRequest r, CudaDevice device) => r.Layer is BatchNorm layer
        ? new("cuda.batch-norm", [Layout.Plain], Framework.LayoutKind.Plain, BackwardReads.Output, b => Bind(b, layer, device)) { Saved = r.Output.Channels }
        : null;

    private static CudaKernel Bind(Bindings b, BatchNorm layer, CudaDevice device)
    {
        int batch = b.Output.Batch, channels = b.Output.Shape.Channels, plane = b.Output.Shape.Plane;
        var grid = CudaGrid.Channels(channels, (long)batch * plane);
        bool gathers = !b.BatchStatistics;
        ulong x = b.Inputs[0].Address, y = b.Output.Address, deviations = b.Saved.Address;
        ulong means = b["mean_sum"].Address, variances = b["variance_sum"].Address, counted = b["count"].Address;
        CudaLaunch train = new(device, "batch_norm_train", grid) { batch, channels, plane, layer.Epsilon, layer.Fraction, gathers, x, y, deviations, means, variances, counted };
        CudaLaunch test = b.BatchStatistics ? train : new(device, "batch_norm_test", grid) { batch, channels, plane, layer.Epsilon, x, y, deviations, means, variances, counted };
        IReadOnlyList<Parameter> changed = gathers ? b.Parameters : [];
        if (b.InputGradients[0] is not { } dx) return new CudaKernel { Train = [train], Test = [test], Gathers = changed };
        CudaLaunch Back(bool ofBatch) => new(device, "batch_norm_backward", grid) { batch, channels, plane, ofBatch, y, deviations, b.OutputGradient!.Address, dx.Address, b.Accumulate[0] };
        return new CudaKernel { Train = [train], Test = [test], Gathers = changed, Back = [Back(ofBatch: true)], BackOfTest = [Back(ofBatch: b.BatchStatistics)] };
    }
}

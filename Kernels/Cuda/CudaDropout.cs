using EvenNet.Framework;

namespace EvenNet.Kernels.Cuda;

/// <summary>Dropout with every backend's masks; drawn again on the way back. The passes are counted on the device, so that the launches never change.</summary>
internal static class CudaDropout
{
    private const int AtOnce = 4;

    public static KernelOffer? Offer(KernelRequest r, CudaDevice device) => r.Layer is Dropout layer
        ? new("cuda.dropout", [Layout.Plain], Framework.LayoutKind.Plain, BackwardReads.None, b => Bind(b, layer, device))
        : null;

    private static CudaKernel Bind(Bindings b, Dropout layer, CudaDevice device)
    {
        var passes = new CudaCounter(device);
        ulong x = b.Inputs[0].Address, y = b.Output.Address;
        ulong? dx = b.InputGradients[0]?.Address;
        return new CudaKernel
        {
            Passes = passes,
            Train = [new(device, "dropout_begin", new CudaGrid(1, BlockX: 32)) { passes.Address }, Masked(x, y, accumulate: false)],
            Test = [Copied(x, y, accumulate: false)],
            Back = dx is { } to ? [Masked(b.OutputGradient!.Address, to, b.Accumulate[0])] : [],
            BackOfTest = dx is { } toTest ? [Copied(b.OutputGradient!.Address, toTest, b.Accumulate[0])] : [],
        };

        CudaLaunch Masked(ulong from, ulong to, bool accumulate) => new(device, "dropout", CudaGrid.Elements((b.Output.Count + AtOnce - 1) / AtOnce))
        {
            b.Output.Count, Philox.Threshold(layer.Rate), (float)(1 / (1 - (double)layer.Rate)), b.Random.Seed, b.Random.Stream, passes.Address, from, to, accumulate,
        };

        CudaLaunch Copied(ulong from, ulong to, bool accumulate) => new(device, "scaled_copy", CudaGrid.Elements(b.Output.Count)) { b.Output.Count, 1f, from, to, accumulate };
    }
}

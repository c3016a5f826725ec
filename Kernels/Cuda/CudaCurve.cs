using EvenNet.Framework;

namespace EvenNet.Kernels.Cuda;

/// <summary>Functions of one value: rectifier, exponential linear unit, hyperbolic tangent, sigmoid.</summary>
internal static class CudaCurve
{
    public static KernelOffer? Offer(KernelRequest r, CudaDevice device)
    {
        (string Name, float Number)? curve = r.Layer switch
        {
            Relu relu => ("relu", relu.Slope),
            Elu elu => ("elu", elu.Alpha),
            Tanh => ("tanh", 0),
            Sigmoid => ("sigmoid", 0),
            _ => null,
        };
        return curve is not { } c ? null
            : new($"cuda.{c.Name}", [Layout.Plain], Framework.LayoutKind.Plain, BackwardReads.Inputs, b => Bind(b, c.Name, c.Number, device));
    }

    private static CudaKernel Bind(Bindings b, string name, float number, CudaDevice device)
    {
        long count = b.Output.Count;
        ulong x = b.Inputs[0].Address;
        CudaLaunch forward = new(device, $"{name}_forward", CudaGrid.Elements(count)) { count, number, x, b.Output.Address };
        return b.InputGradients[0] is not { } dx ? new CudaKernel { Train = [forward] } : new CudaKernel
        {
            Train = [forward],
            Back = [new(device, $"{name}_backward", CudaGrid.Elements(count)) { count, number, x, b.OutputGradient!.Address, dx.Address, b.Accumulate[0] }],
        };
    }
}

using EvenNet.Framework;

namespace EvenNet.Kernels.Cuda;

/// <summary>Functions of one value.</summary>
internal static class CudaCurve
{
    public static KernelOffer? Offer(KernelRequest r, CudaDevice device)
    {
        (string Name, Curve Curve)? curve = r.Layer switch
        {
            Relu relu => ("relu", new(CurveKind.Relu, relu.Slope)),
            Elu elu => ("elu", new(CurveKind.Elu, elu.Alpha)),
            Tanh => ("tanh", new(CurveKind.Tanh)),
            Sigmoid => ("sigmoid", new(CurveKind.Sigmoid)),
            Absolute => ("absolute", new(CurveKind.Absolute)),
            Clip clip => ("clip", new(CurveKind.Clip, clip.Least, clip.Most)),
            Threshold threshold => ("threshold", new(CurveKind.Threshold, threshold.Level)),
            Softplus => ("softplus", new(CurveKind.Softplus)),
            Swish swish => ("swish", new(CurveKind.Swish, swish.Beta)),
            Power power => ("power", new(CurveKind.Power, power.Exponent, power.Factor, power.Shift)),
            Exponential e => ("exponential", new(CurveKind.Exponential, 0, (float)(e.LogBase * e.Factor), (float)(e.LogBase * e.Shift))),
            Logarithm l => ("logarithm", new(CurveKind.Logarithm, (float)(1 / l.LogBase), l.Factor, l.Shift)),
            _ => null,
        };
        return curve is not { } c ? null
            : new($"cuda.{c.Name}", [Layout.Plain], Framework.LayoutKind.Plain, BackwardReads.Inputs, b => Bind(b, c.Curve, device));
    }

    private static CudaKernel Bind(Bindings b, Curve curve, CudaDevice device)
    {
        long count = b.Output.Count;
        ulong x = b.Inputs[0].Address;
        CudaLaunch forward = new(device, "curve_forward", CudaGrid.Elements(count)) { count, curve, x, b.Output.Address };
        return b.InputGradients[0] is not { } dx ? new CudaKernel { Train = [forward] } : new CudaKernel
        {
            Train = [forward],
            Back = [new(device, "curve_backward", CudaGrid.Elements(count)) { count, curve, x, b.OutputGradient!.Address, dx.Address, b.Accumulate[0] }],
        };
    }
}

/// <summary>Mirrors the numbers in NativeKernels.cu.</summary>
internal enum CurveKind { Relu, Elu, Tanh, Sigmoid, Absolute, Clip, Threshold, Softplus, Swish, Power, Exponential, Logarithm }

/// <summary>A function and its constants; the struct of the same name in NativeKernels.cu.</summary>
internal readonly record struct Curve(CurveKind Kind, float A = 0, float B = 0, float C = 0);

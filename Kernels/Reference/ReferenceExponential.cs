using EvenNet.Framework;

namespace EvenNet.Kernels.Reference;

// y = base^(shift + factor · x), dy/dx = ln base · factor · y
internal sealed class ReferenceExponential(Bindings b, Exponential layer) : ReferenceCurve(b)
{
    public static KernelOffer? Offer(KernelRequest r) => r.Layer is Exponential layer
        ? new("reference.exponential", [Layout.Plain], LayoutKind.Plain, BackwardReads.Inputs, b => new ReferenceExponential(b, layer))
        : null;

    protected override double Value(double x) => Math.Exp(layer.LogBase * (layer.Shift + layer.Factor * x));

    protected override double Slope(double x) => layer.LogBase * layer.Factor * Math.Exp(layer.LogBase * (layer.Shift + layer.Factor * x));
}

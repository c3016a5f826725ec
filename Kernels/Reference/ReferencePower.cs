using EvenNet.Framework;

namespace EvenNet.Kernels.Reference;

// y = (shift + factor · x)^e, dy/dx = factor · e · (shift + factor · x)^(e−1)
internal sealed class ReferencePower(Bindings b, Power layer) : ReferenceCurve(b)
{
    public static KernelOffer? Offer(KernelRequest r) => r.Layer is Power layer
        ? new("reference.power", [Layout.Plain], LayoutKind.Plain, BackwardReads.Inputs, b => new ReferencePower(b, layer))
        : null;

    protected override double Value(double x) => Math.Pow(layer.Shift + layer.Factor * x, layer.Exponent);

    protected override double Slope(double x) => layer.Exponent == 0 ? 0 : layer.Factor * layer.Exponent * Math.Pow(layer.Shift + layer.Factor * x, layer.Exponent - 1.0);
}

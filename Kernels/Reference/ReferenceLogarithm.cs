using EvenNet.Framework;

namespace EvenNet.Kernels.Reference;

// y = log(shift + factor · x) / ln base, dy/dx = factor / (ln base · (shift + factor · x))
internal sealed class ReferenceLogarithm(Bindings b, Logarithm layer) : ReferenceCurve(b)
{
    public static KernelOffer? Offer(KernelRequest r) => r.Layer is Logarithm layer
        ? new("reference.logarithm", [Layout.Plain], LayoutKind.Plain, BackwardReads.Inputs, b => new ReferenceLogarithm(b, layer))
        : null;

    protected override double Value(double x) => Math.Log(layer.Shift + layer.Factor * x) / layer.LogBase;

    protected override double Slope(double x) => layer.Factor / (layer.LogBase * (layer.Shift + layer.Factor * x));
}

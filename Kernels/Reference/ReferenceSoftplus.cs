using EvenNet.Framework;

namespace EvenNet.Kernels.Reference;

// y = ln(1 + eˣ), dy/dx = σ(x)
internal sealed class ReferenceSoftplus(Bindings b) : ReferenceCurve(b)
{
    public static KernelOffer? Offer(KernelRequest r) => r.Layer is Softplus
        ? new("reference.softplus", [Layout.Plain], LayoutKind.Plain, BackwardReads.Inputs, b => new ReferenceSoftplus(b))
        : null;

    protected override double Value(double x) => Math.Max(x, 0) + Math.Log(1 + Math.Exp(-Math.Abs(x)));

    protected override double Slope(double x) => 1 / (1 + Math.Exp(-x));
}

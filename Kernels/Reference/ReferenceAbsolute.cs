using EvenNet.Framework;

namespace EvenNet.Kernels.Reference;

// y = |x|, dy/dx = sign(x)
internal sealed class ReferenceAbsolute(Bindings b) : ReferenceCurve(b)
{
    public static KernelOffer? Offer(KernelRequest r) => r.Layer is Absolute
        ? new("reference.absolute", [Layout.Plain], LayoutKind.Plain, BackwardReads.Inputs, b => new ReferenceAbsolute(b))
        : null;

    protected override double Value(double x) => Math.Abs(x);

    protected override double Slope(double x) => Math.Sign(x);
}

using EvenNet.Framework;

namespace EvenNet.Kernels.Reference;

// y = min(max(x, least), most), dy/dx = 1 between the bounds, else 0
internal sealed class ReferenceClip(Bindings b, Clip layer) : ReferenceCurve(b)
{
    public static KernelOffer? Offer(KernelRequest r) => r.Layer is Clip layer
        ? new("reference.clip", [Layout.Plain], LayoutKind.Plain, BackwardReads.Inputs, b => new ReferenceClip(b, layer))
        : null;

    protected override double Value(double x) => Math.Clamp(x, layer.Least, layer.Most);

    protected override double Slope(double x) => x >= layer.Least && x <= layer.Most ? 1 : 0;
}

using EvenNet.Framework;

namespace EvenNet.Kernels.Reference;

// y = 1 where x > level, else 0
internal sealed class ReferenceThreshold(Bindings b, Threshold layer) : ReferenceCurve(b)
{
    public static KernelOffer? Offer(KernelRequest r) => r.Layer is Threshold layer
        ? new("reference.threshold", [Layout.Plain], LayoutKind.Plain, BackwardReads.Inputs, b => new ReferenceThreshold(b, layer))
        : null;

    protected override double Value(double x) => x > layer.Level ? 1 : 0;

    protected override double Slope(double x) => 0;
}

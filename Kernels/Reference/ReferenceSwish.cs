using EvenNet.Framework;

namespace EvenNet.Kernels.Reference;

// y = x · σ(βx), dy/dx = σ(βx) · (1 + βx · (1 − σ(βx)))
internal sealed class ReferenceSwish(Bindings b, Swish layer) : ReferenceCurve(b)
{
    public static KernelOffer? Offer(KernelRequest r) => r.Layer is Swish layer
        ? new("reference.swish", [Layout.Plain], LayoutKind.Plain, BackwardReads.Inputs, b => new ReferenceSwish(b, layer))
        : null;

    protected override double Value(double x) => x * Sigmoid(layer.Beta * x);

    protected override double Slope(double x) => Sigmoid(layer.Beta * x) * (1 + layer.Beta * x * (1 - Sigmoid(layer.Beta * x)));

    private static double Sigmoid(double x) => 1 / (1 + Math.Exp(-x));
}

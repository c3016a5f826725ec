using EvenNet.Framework;

namespace EvenNet.Kernels.Reference;

// A function of one number, element by element: y = f(x), dx = dy · f′(x)
internal abstract class ReferenceCurve(Bindings b) : Kernel
{
    private readonly Numbers x = new(b.Inputs[0].Region), y = new(b.Output.Region);

    protected abstract double Value(double x);

    protected abstract double Slope(double x);

    public override void Forward(Phase phase)
    {
        for (long i = 0; i < b.Output.Count; i++) y[i] = Value(x[i]);
    }

    public override void Backward()
    {
        if (b.InputGradients[0] is not { } gradient) return;
        Numbers dx = new(gradient.Region), dy = new(b.OutputGradient!.Region);
        for (long i = 0; i < b.Output.Count; i++) dx[i] = (b.Accumulate[0] ? dx[i] : 0) + dy[i] * Slope(x[i]);
    }
}

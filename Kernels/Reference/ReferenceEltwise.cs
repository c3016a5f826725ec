using EvenNet.Framework;

namespace EvenNet.Kernels.Reference;

// Sum: y = Σ_k coefficient[k] · x[k]. Product: y = Π_k x[k]. Maximum: y = max_k x[k]; the first of equals gets the gradient.
internal sealed class ReferenceEltwise(Bindings b, Eltwise layer) : Kernel
{
    private readonly Numbers[] x = [.. b.Inputs.Select(t => new Numbers(t.Region))];
    private readonly Numbers y = new(b.Output.Region);

    public static KernelOffer? Offer(KernelRequest r) => r.Layer is Eltwise layer
        ? new($"reference.{Name(layer.Kind)}", [.. r.Inputs.Select(_ => Layout.Plain)], LayoutKind.Plain,
            layer.Kind == EltwiseKind.Sum ? BackwardReads.None : BackwardReads.Inputs, b => new ReferenceEltwise(b, layer))
        : null;

    public override void Forward(Phase phase)
    {
        for (long i = 0; i < b.Output.Count; i++)
        {
            double value = layer.Kind == EltwiseKind.Sum ? layer.Coefficient(0) * x[0][i] : x[0][i];
            for (int k = 1; k < x.Length; k++)
            {
                value = layer.Kind switch
                {
                    EltwiseKind.Sum => value + layer.Coefficient(k) * x[k][i],
                    EltwiseKind.Product => value * x[k][i],
                    _ => Math.Max(value, x[k][i]),
                };
            }
            y[i] = value;
        }
    }

    public override void Backward()
    {
        var dy = new Numbers(b.OutputGradient!.Region);
        for (int k = 0; k < x.Length; k++)
        {
            if (b.InputGradients[k] is not { } gradient) continue;
            var dx = new Numbers(gradient.Region);
            for (long i = 0; i < b.Output.Count; i++) dx[i] = (b.Accumulate[k] ? dx[i] : 0) + dy[i] * Slope(k, i);
        }
    }

    // ∂y[i] / ∂x[k][i]
    private double Slope(int k, long i)
    {
        if (layer.Kind == EltwiseKind.Sum) return layer.Coefficient(k);
        double product = 1;
        int largest = 0;
        for (int j = 0; j < x.Length; j++)
        {
            if (j != k) product *= x[j][i];
            if (x[j][i] > x[largest][i]) largest = j;
        }
        return layer.Kind == EltwiseKind.Product ? product : largest == k ? 1 : 0;
    }

    private static string Name(EltwiseKind kind) => kind switch
    {
        EltwiseKind.Sum => "sum",
        EltwiseKind.Product => "product",
        _ => "max",
    };
}

using EvenNet.Framework;
using EvenNet.Initialization;

namespace EvenNet.Cli;

/// <summary>
/// How fast each layer would learn, and how much of its weights a step has changed: «conv1.rate» is the change rate (<see cref="ChangeRates"/>) on a few fixed
/// pictures, «conv1.update» ‖ΔW‖ / ‖W‖ of the step.
/// </summary>
internal sealed class RateMeasurement(ParameterSet parameters, float[] images, int count, int every, ulong seed) : Measurement("rates", every)
{
    private readonly Dictionary<Node, float[]> before = [];

    public override void Before()
    {
        foreach (Node node in parameters.Graph.Affine) before[node] = parameters.Weight(node).Read();
    }

    public override IEnumerable<KeyValuePair<string, double>> After()
    {
        ChangeRateReport rates = new ChangeRates { Elements = false }.Measure(parameters, images, count, seed);
        foreach (LayerRate layer in rates.Layers) yield return new($"{layer.Name}.rate", layer.Rate);
        foreach ((Node node, float[] old) in before) yield return new($"{node.Name}.update", Change(old, parameters.Weight(node).Read()));
    }

    private static double Change(float[] old, float[] now)
    {
        double changed = 0, size = 0;
        for (int i = 0; i < old.Length; i++)
        {
            double d = (double)now[i] - old[i];
            changed += d * d;
            size += (double)old[i] * old[i];
        }
        return size > 0 ? Math.Sqrt(changed / size) : double.NaN;
    }
}

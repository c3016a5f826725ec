using EvenNet.Framework;
using EvenNet.Kernels;

namespace EvenNet.Tests;

/// <summary>Central differences of Σ η·y against the backward pass, in double on the reference.</summary>
public static class GradientCheck
{
    private const int Samples = 24;

    /// <summary>Worst error over inputs and parameters, relative to the largest gradient of the same tensor.</summary>
    public static double WorstError(LayerCase layerCase, double step)
    {
        using Backend backend = Backends.Open("reference");
        Graph graph = layerCase.Graph();
        (Node Node, float[] Gradient)[] seeds = LayerRun.Seeds(layerCase, graph);
        LayerRun analytic = LayerRun.Of(layerCase, backend);
        using var parameters = new ParameterSet(graph, backend);
        var inputs = new Dictionary<Node, double[]>();
        layerCase.Fill(parameters, (node, data) => inputs[node] = data);
        // A fresh plan draws the same dropout masks again; without dropout one plan serves all evaluations.
        bool fresh = graph.Nodes.Any(n => n.Layer is Dropout);
        Net? shared = null;

        double Loss()
        {
            Net net = fresh ? new Net(parameters, layerCase.Batch, new() { InputGradients = true }) : shared ??= new Net(parameters, layerCase.Batch);
            foreach ((Node node, double[] data) in inputs) net.Load(node, data);
            net.Forward(layerCase.Phase);
            double loss = seeds.Sum(s => net[graph[s.Node.Name]].ReadExact().Zip(s.Gradient, (y, g) => y * g).Sum());
            if (fresh) net.Dispose();
            return loss;
        }

        double worst = 0;
        var random = new Random(3);
        void Check(string name, int count, Func<int, double> get, Action<int, double> set)
        {
            double[] gradient = analytic.Results[name];
            double size = Math.Max(gradient.Max(Math.Abs), 1e-3);
            for (int t = 0; t < Samples; t++)
            {
                int i = count <= Samples ? t % count : random.Next(count);
                double before = get(i);
                set(i, before + step);
                double up = Loss();
                set(i, before - step);
                double down = Loss();
                set(i, before);
                worst = Math.Max(worst, Math.Abs((up - down) / (2 * step) - gradient[i]) / size);
            }
        }

        foreach ((Node node, double[] data) in inputs)
        {
            if (LayerRun.IsDifferentiable(graph, node)) Check($"gradient of {node.Name}", data.Length, i => data[i], (i, v) => data[i] = v);
        }
        foreach (Parameter p in parameters.All.Where(p => p.Spec.IsLearned))
        {
            double[] values = p.ReadExact();
            Check($"gradient of {p.Name}", p.Count, i => values[i], (i, v) =>
            {
                values[i] = v;
                p.Write(values);
            });
        }
        shared?.Dispose();
        return worst;
    }
}

using EvenNet.Framework;

namespace EvenNet.Tests;

/// <summary>One forward and backward pass of a case: outputs, and the gradients of Σ η·y for fixed random η by inputs and parameters.</summary>
public sealed class LayerRun
{
    public Dictionary<string, double[]> Results { get; } = [];

    public static LayerRun Of(LayerCase layerCase, Backend backend, bool fuse = true) => Of(layerCase, backend, new NetOptions { InputGradients = true, Fuse = fuse });

    public static LayerRun Of(LayerCase layerCase, Backend backend, NetOptions options)
    {
        Graph graph = layerCase.Graph();
        using var parameters = new ParameterSet(graph, backend);
        using var net = new Net(parameters, layerCase.Batch, options);
        layerCase.Fill(parameters, (node, data) => net.Load(node, data));
        net.Forward(layerCase.Phase);
        var run = new LayerRun();
        foreach (Node output in graph.Outputs) run.Results[output.Name] = net[output].ReadExact();
        net.Backward(Seeds(layerCase, graph));
        foreach (Node input in graph.Nodes.Where(n => n.Layer is Input && IsDifferentiable(graph, n)))
            run.Results[$"gradient of {input.Name}"] = net.GradientOf(input).ReadExact();
        foreach (Parameter p in parameters.All.Where(p => p.Spec.IsLearned)) run.Results[$"gradient of {p.Name}"] = p.ReadGradientExact();
        return run;
    }

    public static (Node, float[])[] Seeds(LayerCase layerCase, Graph graph)
    {
        var random = new Random(11);
        return [.. graph.Outputs.Select(o => (o, Sample.Normal(random, layerCase.Batch * o.Multiplicity * o.Shape.Count).Select(v => (float)v).ToArray()))];
    }

    // Labels have no gradient.
    public static bool IsDifferentiable(Graph graph, Node input) =>
        graph.Nodes.Any(n => n.Inputs.Where((i, at) => i == input && n.Layer.IsDifferentiable(at)).Any());
}

using EvenNet.Framework;
using EvenNet.Kernels;
using EvenNet.Models;

namespace EvenNet.Tests.Kernels;

/// <summary>How far the cpu's kernels are from the reference, which computes in float64, on the layers that are measured; the table of Benchmarks/README.md.</summary>
public sealed class KernelErrorTests
{
    // Two images of small maps, so that the kernel of a training step is taken; one of large maps, because the reference needs seconds for each.
    private const int SmallMap = 32 * 32;

    private static IEnumerable<NetLayer> Layers =>
        NetLayer.All.DistinctBy(l => (l.Net, l.Layer)).Select(l => l with { Batch = l.Input.Height * l.Input.Width <= SmallMap ? 2 : 1 });

    [Test, Explicit("The reference takes some minutes for all."), Category("Slow")]
    public void A_kernels_largest_error_is_small_beside_its_root_mean_square([ValueSource(nameof(Layers))] NetLayer layer)
    {
        var layerCase = new LayerCase($"{layer}", layer.Batch, () => layer.Graph().Outputs[0]);
        var options = new NetOptions { InputGradients = !layer.IsFirst };
        using Backend reference = Backends.Open("reference"), cpu = Backends.Open("cpu");
        Dictionary<string, double[]> expected = Results(layerCase, reference, options), actual = Results(layerCase, cpu, options);
        string kernel = PlanReport.Of(layer.Graph(), cpu, layer.Batch, options).Lines[^1].Kernel;
        Dictionary<string, double> errors = expected.ToDictionary(e => e.Key, e => Error(e.Value, actual[e.Key]));
        string Text(string suffix) => errors.Where(e => e.Key.EndsWith(suffix, StringComparison.Ordinal)).Select(e => $"{e.Value:0.0e+0}").FirstOrDefault("");
        TestContext.Out.WriteLine($"| {layer.Net} {layer.Layer} | {kernel} | {Text(layer.Layer)} | {Text("of data")} | {Text(".weight")} |");
        Assert.That(errors.Values, Is.All.LessThan(5e-5));
    }

    private static Dictionary<string, double[]> Results(LayerCase layerCase, Backend backend, NetOptions options)
    {
        Graph graph = layerCase.Graph();
        using var parameters = new ParameterSet(graph, backend);
        using var net = new Net(parameters, layerCase.Batch, options);
        layerCase.Fill(parameters, (node, data) => net.Load(node, data));
        net.Forward();
        Dictionary<string, double[]> results = new() { [graph.Outputs[0].Name] = net[graph.Outputs[0]].ReadExact() };
        net.Backward(LayerRun.Seeds(layerCase, graph));
        if (options.InputGradients) results["gradient of data"] = net.GradientOf(graph["data"]).ReadExact();
        foreach (Parameter p in parameters.All.Where(p => p.Spec.Name == "weight")) results[p.Name] = p.ReadGradientExact();
        return results;
    }

    private static double Error(double[] expected, double[] actual) =>
        expected.Zip(actual, (e, a) => Math.Abs(e - a)).Max() / Math.Sqrt(expected.Average(e => e * e));
}

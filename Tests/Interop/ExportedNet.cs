using EvenNet.Framework;
using EvenNet.Kernels;

namespace EvenNet.Tests;

/// <summary>A net with inputs and what it makes of them as in testing, to be compared with what others make of its export.</summary>
internal sealed class ExportedNet : IDisposable
{
    private readonly Backend backend;
    private readonly Dictionary<Node, double[]> data = [];

    private ExportedNet(Graph graph, int batch, string device)
    {
        backend = Backends.Open(device);
        (Parameters, Batch) = (new ParameterSet(graph, backend), batch);
        Scores = [.. graph.Outputs.Select(o => o.Layer is ILoss ? o.Inputs[0] : o).Distinct()];
    }

    public ParameterSet Parameters { get; }

    public int Batch { get; }

    /// <summary>What an export puts out: the outputs, or what the losses judge.</summary>
    public Node[] Scores { get; }

    public static ExportedNet Of(LayerCase c)
    {
        var net = new ExportedNet(c.Graph(), c.Batch, "reference");
        c.Fill(net.Parameters, (node, values) => net.data[node] = values);
        return net;
    }

    /// <summary>Weights by fan-in, so that values neither die nor grow through the depth, and scales that an export must fold.</summary>
    public static ExportedNet Of(Graph graph, int batch, string device = "cpu")
    {
        var net = new ExportedNet(graph, batch, device);
        var random = new Random(5);
        foreach (Node node in graph.Nodes.Where(n => n.Layer is Input)) net.data[node] = Sample.Normal(random, batch * node.Shape.Count);
        foreach (Parameter p in net.Parameters.All)
        {
            float[] normal = new float[p.Count];
            for (int i = 0; i < normal.Length; i++) normal[i] = (float)(Math.Sqrt(3) * (2 * random.NextDouble() - 1));
            float[] values = (p.Node.Layer, p.Spec.Name) switch
            {
                (_, "scale") => [0.8f],
                (BatchNorm, "count") => [2.5f],
                (BatchNorm, "mean_sum") => [.. normal.Select(v => 0.2f * v)],
                (BatchNorm, _) => [.. normal.Select(v => 2 + v * v)],
                (Scale, "weight") => [.. normal.Select(v => 1 + 0.2f * v)],
                (_, "weight") => [.. normal.Select(v => v * (float)Math.Sqrt(2.0 / p.FanIn))],
                (_, "slope") => [.. normal.Select(v => 0.25f + 0.1f * v)],
                _ => [.. normal.Select(v => 0.1f * v)],
            };
            p.Write(values);
        }
        return net;
    }

    /// <summary>The inputs that the scores depend on, as the export has them.</summary>
    public Dictionary<string, (int[] Sizes, double[] Values)> Inputs => Graph.Of(Scores).Nodes.Where(n => n.Layer is Input).ToDictionary(
        n => n.Name, n => (n.Shape is { Height: 1, Width: 1 } ? new[] { Batch, n.Shape.Channels } : [Batch, n.Shape.Channels, n.Shape.Height, n.Shape.Width], data[n]));

    /// <summary>The scores of these parameters' net, in the order of <see cref="Scores"/>.</summary>
    public double[][] Run() => Run(Parameters, Scores, Batch, data.ToDictionary(p => p.Key.Name, p => p.Value));

    /// <summary>The outputs of another net with the same inputs, its weights read from a file.</summary>
    public double[][] Run(Graph graph, IWeightFile weights, out CheckpointReport report)
    {
        using var parameters = new ParameterSet(graph, backend);
        report = Checkpoint.Load(parameters, weights);
        return Run(parameters, graph.Outputs, Batch, data.ToDictionary(p => p.Key.Name, p => p.Value));
    }

    public void Dispose()
    {
        Parameters.Dispose();
        backend.Dispose();
    }

    private static double[][] Run(ParameterSet parameters, IReadOnlyList<Node> outputs, int batch, Dictionary<string, double[]> data)
    {
        using var net = new Net(parameters, batch, new NetOptions { Backward = false, Outputs = outputs });
        foreach (Node node in net.Nodes.Where(n => n.Layer is Input)) net.Load(node, data[node.Name]);
        net.Forward(Phase.Test);
        return [.. outputs.Select(o => net[o].ReadExact())];
    }
}

using EvenNet.Framework;

namespace EvenNet.Tests;

/// <summary>The small inception net with parameters and data, to plan in several ways.</summary>
internal sealed class Trial : IDisposable
{
    private readonly int batch;

    public Trial(Backend backend, int batch = 2, Func<IReadOnlyList<Node>, IReadOnlyList<Node>>? heads = null)
    {
        this.batch = batch;
        IReadOnlyList<Node> outputs = Every.Inception(classes: 5);
        Graph = Graph.Of(heads?.Invoke(outputs) ?? outputs);
        Parameters = new ParameterSet(Graph, backend);
        // By name, so that graphs with fewer heads get the same values.
        foreach (Parameter p in Parameters.All.Where(p => p.Spec.Name != "scale"))
            p.Write(Sample.Normal(new Random(p.Name.Aggregate(17, (h, c) => unchecked(h * 31 + c))), p.Count).Select(v => v / Math.Sqrt(p.FanIn)).ToArray());
        Data["data"] = Sample.Normal(new Random(1), batch * 3 * 13 * 15);
        Data["label"] = [.. Enumerable.Range(0, batch).Select(n => (double)(n * 3 % 5))];
    }

    public Graph Graph { get; }

    public ParameterSet Parameters { get; }

    public Dictionary<string, double[]> Data { get; } = [];

    public Net Net(NetOptions options, bool label = true)
    {
        var net = new Net(Parameters, batch, options);
        net.Load(Graph["data"], Data["data"]);
        if (label) net.Load(Graph["label"], Data["label"]);
        return net;
    }

    /// <summary>All values of a forward pass in testing.</summary>
    public Dictionary<string, double[]> Values(NetOptions options)
    {
        using Net net = Net(options);
        net.Forward(Phase.Test);
        return net.Nodes.ToDictionary(n => n.Name, n => net[n].ReadExact());
    }

    /// <summary>The parameters' gradients after a forward pass in testing and some backward pass.</summary>
    public Dictionary<string, double[]> Gradients(NetOptions options, Action<Net> backward)
    {
        using Net net = Net(options);
        net.Forward(Phase.Test);
        Parameters.ClearGradients();
        backward(net);
        return Parameters.All.Where(p => p.Spec.IsLearned).ToDictionary(p => p.Name, p => p.ReadGradientExact());
    }

    public void Dispose() => Parameters.Dispose();
}

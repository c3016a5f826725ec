using System.Text.RegularExpressions;
using EvenNet.Framework;

namespace EvenNet.Tests;

/// <summary>Runs a recorded case on a backend and compares every blob and every gradient that the plan computes.</summary>
internal sealed partial class GoldenRun
{
    private readonly GoldenCase goldenCase;
    private readonly Golden golden;
    private readonly Graph graph;
    private readonly Dictionary<Node, double[]> values = [], gradients = [];

    private GoldenRun(GoldenCase goldenCase, Golden golden) => (this.goldenCase, this.golden, graph) = (goldenCase, golden, goldenCase.Graph());

    /// <summary>Error of every tensor compared, relative to its largest recorded magnitude.</summary>
    public Dictionary<string, double> Errors { get; } = [];

    public static GoldenRun Of(GoldenCase goldenCase, Golden golden, Backend backend, bool fuse)
    {
        var run = new GoldenRun(goldenCase, golden);
        using var parameters = new ParameterSet(run.graph, backend);
        foreach (string name in golden.Under("param")) run.Load(parameters, name);
        int batch = golden.Shape($"blob/{run.graph.Nodes.First(n => n.Layer is Input).Name}")[0];
        using var net = new Net(parameters, batch, new() { Fuse = fuse, InputGradients = true });
        foreach (string name in golden.Under("in")) net.Load(run.graph[name], golden[$"in/{name}"]);
        run.Walk(net);
        run.CompareValues();
        run.CompareGradients(parameters);
        return run;
    }

    // Values are read right after their node ran, gradients right before their node's own backward step: all that a plan promises.
    private void Walk(Net net)
    {
        foreach (Node node in net.Nodes)
        {
            net.Forward(node, goldenCase.Phase);
            values[node] = net[node].ReadExact();
        }
        (Node, float[])[] seeds = [.. graph.Outputs.Where(o => o.Layer is ILoss || golden.Under("topdiff").Any())
            .Select(o => (o, o.Layer is ILoss ? Enumerable.Repeat(1f, net.Batch).ToArray() : golden[$"topdiff/{golden.Under("topdiff").Single(t => NodesOf(t).Contains(o))}"]))];
        if (seeds.Length == 0) return;
        foreach (Node node in net.BackwardSteps(seeds)) gradients[node] = net.GradientOf(node).ReadExact();
        foreach (Node input in net.Nodes.Where(n => n.Layer is Input && LayerRun.IsDifferentiable(graph, n))) gradients[input] = net.GradientOf(input).ReadExact();
    }

    private void CompareValues()
    {
        foreach (string blob in golden.Under("blob"))
        {
            if (NodesOf(Source(blob)) is not { Length: > 0 } nodes || !values.TryGetValue(nodes[^1], out double[]? value)) continue;
            // A recorded loss is the sum over the batch before its weight.
            if (nodes[^1].Layer is ILoss loss) value = [value.Sum() / loss.Weight];
            Compare($"blob/{blob}", golden[$"blob/{blob}"], value);
        }
    }

    private void CompareGradients(ParameterSet parameters)
    {
        string[] blobs = [.. golden.Under("diff")];
        foreach (string blob in blobs.Where(b => Source(b) == b))
        {
            // Computed in place, a blob ends as the gradient below the last of its layers, and the copies of a split add up to the one above.
            if (NodesOf(blob) is not { Length: > 0 } nodes) continue;
            float[][] parts = [.. blobs.Where(b => b != blob && Source(b) == blob).Select(b => golden[$"diff/{b}"])];
            if (gradients.TryGetValue(nodes[0], out double[]? below)) Compare($"diff/{blob}", golden[$"diff/{blob}"], below);
            if (parts.Length > 0 && gradients.TryGetValue(nodes[^1], out double[]? above))
                Compare($"diff/{blob} as a sum", [.. above.Select((_, i) => (float)parts.Sum(p => (double)p[i]))], above);
        }
        foreach (string name in golden.Under("pdiff"))
            if (Parameter(parameters, name) is { } p) Compare($"pdiff/{name}", Arrange(p, golden[$"pdiff/{name}"]), p.ReadGradientExact());
    }

    private void Compare(string name, float[] expected, double[] actual) => Errors[name] = Sample.RelativeError([.. expected.Select(v => (double)v)], actual);

    // The nodes that Caffe computes in one blob: layer, rectifier, dropout.
    private Node[] NodesOf(string blob)
    {
        string name = goldenCase.Blobs.GetValueOrDefault(blob, blob);
        return [.. graph.Nodes.Where(n => n.Name == name || ((n.Name == $"{name}/relu" || n.Name == $"{name}/relu/drop") && !goldenCase.Blobs.Values.Contains(n.Name)))];
    }

    private void Load(ParameterSet parameters, string name)
    {
        if (Parameter(parameters, name) is { } p) p.Write(Arrange(p, golden[$"param/{name}"]));
    }

    private Parameter? Parameter(ParameterSet parameters, string name)
    {
        string[] parts = [name[..name.LastIndexOf('/')], name[(name.LastIndexOf('/') + 1)..]];
        IReadOnlyList<Parameter> own = parameters.Of(graph[parts[0]]);
        return parts[1] == "0" ? own[0] : own.FirstOrDefault(p => p.Spec.Name == "bias");
    }

    private float[] Arrange(Parameter p, float[] recorded) => goldenCase.Transposed && p.Spec.Name == "weight"
        ? [.. recorded.Select((_, i) => recorded[i % p.FanIn * p.Rows + i / p.FanIn])]
        : recorded;

    // The blob that a copy was split off.
    private static string Source(string blob) => SplitName().Match(blob) is { Success: true } match ? match.Groups[1].Value : blob;

    [GeneratedRegex(@"^(.+?)_\w+_\d+_split_\d+$")]
    private static partial Regex SplitName();
}

using EvenNet.Framework;

namespace EvenNet.Interop;

/// <summary>
/// A net for use without its batch normalizations: each is, in testing, a factor and a shift of every channel, and goes into the weights and the bias of the
/// convolution or inner product right below it, with the scales, shifts and multiples that follow.
/// </summary>
public sealed class NormalizationFolding : IDisposable
{
    private readonly ParameterSet from;
    private readonly Dictionary<Node, Node> made = [];
    private readonly Dictionary<Node, Node[]> chains = [];
    private readonly ILookup<Node, Node> readers;

    /// <summary>Folds what can be folded; the given parameters stay as they are.</summary>
    /// <exception cref="GraphException">Nothing in the net can be.</exception>
    public NormalizationFolding(ParameterSet from)
    {
        this.from = from;
        Graph graph = from.Graph;
        readers = graph.Nodes.SelectMany(n => n.Inputs.Select(i => (Input: i, Reader: n))).ToLookup(p => p.Input, p => p.Reader);
        HashSet<Node> owners = [.. graph.Nodes.Select(n => n.Layer.SharedWith).OfType<Node>()];
        foreach (Node node in graph.Affine.Where(n => n.Layer.SharedWith is null && !owners.Contains(n)))
            if (Chain(node, owners) is { Length: > 0 } chain) chains[node] = chain;
        if (chains.Count == 0) throw new GraphException("nothing can be folded: no batch normalization, scale, bias or multiple stands right above a convolution or inner product of its own");
        foreach (Node node in graph.Nodes) Add(node);
        Parameters = new ParameterSet(Graph.Of([.. graph.Outputs.Select(o => made[o])]), from.Backend);
        foreach (Node node in graph.Nodes.Where(n => n.Layer.SharedWith is null && !IsFolded(n))) Copy(node);
    }

    /// <summary>The net that is left, with its weights. Its nodes have the names that they had; a folded layer's value is found under the name of the layer below.</summary>
    public ParameterSet Parameters { get; }

    /// <summary>The layers that are no more.</summary>
    public IReadOnlyList<string> Folded => [.. chains.Values.SelectMany(c => c).Select(n => n.Name)];

    /// <summary>Frees the new parameters.</summary>
    public void Dispose() => Parameters.Dispose();

    // What stands above a layer, each reading only the one below and read by nobody else, the last excepted.
    private Node[] Chain(Node node, HashSet<Node> owners)
    {
        var chain = new List<Node>();
        for (Node at = node; !from.Graph.Outputs.Contains(at) && readers[at].ToArray() is [Node reader] && IsFoldable(reader) && !owners.Contains(reader); at = reader) chain.Add(reader);
        return [.. chain];
    }

    private static bool IsFoldable(Node node) => node.Layer is { SharedWith: null } and (BatchNorm or Scale or Bias or Power { Exponent: 1 });

    private bool IsFolded(Node node) => chains.Values.Any(c => c.Contains(node));

    private void Add(Node node)
    {
        if (IsFolded(node))
        {
            made[node] = made[node.Inputs[0]];
            return;
        }
        Layer layer = !chains.ContainsKey(node) ? node.Layer : node.Layer switch
        {
            Convolution c => c with { HasBias = true },
            InnerProduct i => i with { HasBias = true },
            Layer other => other,
        };
        if (layer.SharedWith is { } owner) layer = layer with { SharedWith = made[owner] };
        made[node] = new Node(node.Name, layer, [.. node.Inputs.Select(i => made[i])]);
    }

    private void Copy(Node node)
    {
        if (!chains.TryGetValue(node, out Node[]? chain))
        {
            foreach (Parameter p in from.Of(node)) Parameters[p.Name].Write(p.Read());
            return;
        }
        // y[c] = factor[c] · (W x)[c] + shift[c], the layer's own scale among the factors.
        double scale = from.Scale(node).Read()[0];
        float[] weights = from.Weight(node).Read(), bias = from.Bias(node)?.Read() ?? new float[node.Shape.Channels];
        double[] factor = [.. bias.Select(_ => scale)], shift = [.. bias.Select(b => scale * b)];
        foreach (Node above in chain) Follow(above, factor, shift);
        int each = weights.Length / factor.Length;
        Parameters.Weight(made[node]).Write([.. weights.Select((w, i) => (float)(factor[i / each] * w))]);
        Parameters.Bias(made[node])!.Write([.. shift.Select(s => (float)s)]);
    }

    private void Follow(Node node, double[] factor, double[] shift)
    {
        float[] Values(string name) => from.Of(node).First(p => p.Spec.Name == name).Read();
        (double[] by, double[] plus) = node.Layer switch
        {
            BatchNorm layer => Statistics(layer, Values("mean_sum"), Values("variance_sum"), Values("count")[0]),
            Scale layer => ([.. Values("weight").Select(w => (double)w)], layer.HasBias ? [.. Values("bias").Select(b => (double)b)] : new double[shift.Length]),
            Bias => ([.. shift.Select(_ => 1.0)], [.. Values("bias").Select(b => (double)b)]),
            Power layer => ([.. shift.Select(_ => (double)layer.Factor)], [.. shift.Select(_ => (double)layer.Shift)]),
            _ => throw new InvalidOperationException($"{node.Layer} is not folded"),
        };
        for (int c = 0; c < factor.Length; c++) (factor[c], shift[c]) = (by[c] * factor[c], by[c] * shift[c] + plus[c]);
    }

    // (x − μ) / √(σ² + ε), both zero where nothing was counted.
    private static (double[] By, double[] Plus) Statistics(BatchNorm layer, float[] means, float[] variances, double count)
    {
        double[] by = [.. variances.Select(v => 1 / Math.Sqrt((count == 0 ? 0 : v / count) + layer.Epsilon))];
        return (by, [.. means.Select((m, c) => count == 0 ? 0 : -m / count * by[c])]);
    }
}

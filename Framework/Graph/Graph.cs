namespace EvenNet.Framework;

/// <summary>All nodes that some outputs depend on, inputs first. Auxiliary heads are simply further outputs.</summary>
public sealed class Graph
{
    private readonly Dictionary<string, Node> byName;

    private Graph(IReadOnlyList<Node> nodes, IReadOnlyList<Node> outputs)
    {
        (Nodes, Outputs) = (nodes, outputs);
        byName = nodes.ToDictionary(n => n.Name, StringComparer.Ordinal);
    }

    /// <summary>Every node after the nodes that it reads.</summary>
    public IReadOnlyList<Node> Nodes { get; }

    /// <summary>The nodes the graph was collected from.</summary>
    public IReadOnlyList<Node> Outputs { get; }

    /// <summary>Learned parameters; frozen ones (an affine layer's scale) do not count.</summary>
    public long ParameterCount => Nodes.Sum(n => n.ParameterSpecs.Where(p => p.IsLearned).Sum(p => (long)p.Count));

    /// <summary>Multiply-adds of one sample's forward pass.</summary>
    public long MultiplyAdds => Nodes.Sum(n => n.MultiplyAdds);

    /// <summary>The affine nodes (convolution, inner product) in graph order: what the initializers set.</summary>
    public IEnumerable<Node> Affine => Nodes.Where(n => n.Layer is IAffine);

    /// <summary>The node with this name.</summary>
    /// <exception cref="GraphException">There is none; the message names the nearest.</exception>
    public Node this[string name] => byName.TryGetValue(name, out Node? node)
        ? node
        : throw new GraphException($"no node named {name}; did you mean {NearestName.Of(name, byName.Keys)}?");

    /// <summary>Collects what <paramref name="outputs"/> depend on.</summary>
    /// <exception cref="GraphException">No output was given, or two nodes have one name.</exception>
    public static Graph Of(params IReadOnlyList<Node> outputs)
    {
        if (outputs.Count == 0) throw new GraphException("a graph needs at least one output");
        var order = new List<Node>();
        var seen = new HashSet<Node>();
        foreach (Node output in outputs) Visit(output, seen, order);
        if (order.GroupBy(n => n.Name, StringComparer.Ordinal).FirstOrDefault(g => g.Count() > 1) is { } twice)
            throw new GraphException($"two nodes are named {twice.Key}; parameters and checkpoints need distinct names");
        if (order.FirstOrDefault(n => n.Layer.SharedWith is { } owner && !seen.Contains(owner)) is { } stray)
            throw new GraphException($"{stray.Name} shares the parameters of {stray.Layer.SharedWith!.Name}, which is not part of this graph");
        return new Graph(order, outputs);
    }

    // Depth first with a stack of its own: nets are deeper than a thread's stack should be trusted with.
    private static void Visit(Node root, HashSet<Node> seen, List<Node> order)
    {
        var open = new Stack<(Node Node, int Next)>();
        if (seen.Add(root)) open.Push((root, 0));
        while (open.TryPop(out (Node Node, int Next) top))
        {
            if (top.Next == top.Node.Inputs.Count)
            {
                order.Add(top.Node);
                continue;
            }
            open.Push((top.Node, top.Next + 1));
            if (seen.Add(top.Node.Inputs[top.Next])) open.Push((top.Node.Inputs[top.Next], 0));
        }
    }
}

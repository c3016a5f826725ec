namespace EvenNet.Framework;

/// <summary>
/// The one fusion rule: affine → rectifier becomes one step when nobody else looks at the pre-activation. Its backward pass masks by y &gt; 0,
/// so the pre-activation is never stored.
/// </summary>
internal static class Fusion
{
    /// <summary>For each affine node that takes its rectifier along, that rectifier.</summary>
    public static Dictionary<Node, Node> Rectifiers(Graph graph, IReadOnlyList<Node> observed)
    {
        Dictionary<Node, int> readers = graph.Nodes.SelectMany(n => n.Inputs).GroupBy(n => n).ToDictionary(g => g.Key, g => g.Count());
        return graph.Nodes
            .Where(n => n.Layer is Relu { Slope: 0 } && n.Inputs[0].Layer is IAffine && readers[n.Inputs[0]] == 1)
            .Where(n => !observed.Contains(n.Inputs[0]) && !graph.Outputs.Contains(n.Inputs[0]))
            .ToDictionary(n => n.Inputs[0]);
    }
}

using EvenNet.Framework;

namespace EvenNet.Initialization;

/// <summary>
/// What initialization does around batch normalization. It is by the batch meanwhile, so the affine layer below may have any scale without another
/// outcome, and its bias has no effect: the layer's weights get deviation one, its bias zero, and the scale layer above weight one and bias β.
/// </summary>
internal static class Normalized
{
    /// <summary>Whether batch normalization is all that reads a node.</summary>
    public static bool Includes(Graph graph, Node node)
    {
        Node[] readers = [.. graph.Nodes.Where(n => n.Inputs.Contains(node))];
        return readers.Length > 0 && readers.All(r => r.Layer is BatchNorm);
    }

    /// <summary>Whether a node is the scale layer of a batch normalization.</summary>
    public static bool IsScale(Node node) => node.Layer is Scale && node.Inputs[0].Layer is BatchNorm;

    /// <summary>What a scale layer's batch normalization reads.</summary>
    public static Node Source(Node scale) => scale.Inputs[0].Inputs[0];

    /// <summary>Sets a scale layer to weight one and this bias.</summary>
    public static void Reset(ParameterSet parameters, Node scale, float bias)
    {
        parameters.Weight(scale).Fill(1);
        parameters.Bias(scale)?.Fill(bias);
    }

    /// <summary>Whether some batch normalization has gathered nothing.</summary>
    public static bool LacksStatistics(ParameterSet parameters) =>
        parameters.All.Any(p => p.Node.Layer is BatchNorm && p.Spec.Name == "count" && p.Read()[0] == 0);

    /// <summary>
    /// Makes these images' statistics all that batch normalization has gathered, so that a net can be tested before it is trained. phase: dropout's.
    /// </summary>
    public static void Gather(ParameterSet parameters, float[] images, int count, Phase phase)
    {
        Node[] nodes = [.. parameters.Graph.Nodes.Where(n => n.Layer is BatchNorm)];
        if (nodes.Length == 0) return;
        foreach (Node node in nodes)
            foreach (Parameter p in parameters.Of(node)) p.Fill(0);
        using var net = new Net(parameters, count, new() { Backward = false, Outputs = Tops.Of(parameters.Graph) });
        net.Load(Tops.Image(net), images);
        foreach (Node node in net.Nodes) net.Forward(node, node.Layer is BatchNorm ? Phase.Train : phase);
    }
}

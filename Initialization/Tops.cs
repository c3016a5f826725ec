using EvenNet.Framework;

namespace EvenNet.Initialization;

/// <summary>Where a net ends and begins for initialization: below its losses and softmaxes, and at its image input.</summary>
public static class Tops
{
    /// <summary>The values that feed losses, each once: the classifiers' scores, the main one last.</summary>
    public static Node[] Of(Graph graph) => [.. graph.Outputs.Select(Below).Distinct()];

    /// <summary>The one input that the net reads.</summary>
    public static Node Image(Net net)
    {
        Node[] inputs = [.. net.Nodes.Where(n => n.Layer is Input)];
        return inputs.Length == 1
            ? inputs[0]
            : throw new GraphException($"initialization needs a net with one input, got {inputs.Length}: {string.Join(", ", inputs.Select(i => i.Name))}");
    }

    /// <summary>The value below a loss or a softmax, or the node itself.</summary>
    public static Node Below(Node node) => node.Layer is ILoss or Softmax ? Below(node.Inputs[0]) : node;
}

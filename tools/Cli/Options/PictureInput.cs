using EvenNet.Framework;

namespace EvenNet.Cli;

/// <summary>The one input of a net that pictures go into.</summary>
internal static class PictureInput
{
    public static Node Of(Graph graph)
    {
        Node[] inputs = [.. graph.Nodes.Where(n => n.Layer is Input)];
        return inputs.Length == 1 ? inputs[0] : throw new GraphException($"a net with one input is needed here, this one has {inputs.Length}: {string.Join(", ", (IEnumerable<Node>)inputs)}");
    }
}

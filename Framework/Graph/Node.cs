namespace EvenNet.Framework;

/// <summary>A named value in a net: a layer applied to other values. Sizes are checked when the node is made.</summary>
public sealed class Node
{
    private const int TrailLength = 6;

    /// <summary>Applies <paramref name="layer"/> to <paramref name="inputs"/>.</summary>
    /// <exception cref="GraphException">The layer cannot take these inputs; the message names the sizes and the way there.</exception>
    public Node(string name, Layer layer, params IReadOnlyList<Node> inputs)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        (Name, Layer, Inputs) = (name, layer, inputs);
        InputShapes = [.. inputs.Select(i => i.Shape)];
        try
        {
            Shape = layer.Infer(InputShapes);
            _ = Shape.Count;
            Multiplicity = layer.InferMultiplicity([.. inputs.Select(i => i.Multiplicity)]);
        }
        catch (Exception e) when (e is LayerException or OverflowException)
        {
            throw new GraphException($"{name} ({layer.GetType().Name}): {e.Message}.\n  path: {Trail()}");
        }
    }

    /// <summary>Unique within a graph; parameters are named after it: «conv1.weight».</summary>
    public string Name { get; }

    /// <summary>What computes this value.</summary>
    public Layer Layer { get; }

    /// <summary>The values it is computed from.</summary>
    public IReadOnlyList<Node> Inputs { get; }

    /// <summary>Sizes of the inputs, in their order.</summary>
    public IReadOnlyList<Shape> InputShapes { get; }

    /// <summary>Size of one sample of this value.</summary>
    public Shape Shape { get; }

    /// <summary>Samples for each sample of the batch: one, or as many as there are regions in a picture above a RoI pooling.</summary>
    public int Multiplicity { get; }

    /// <summary>A value of regions that comes from outside: so many samples for each of the batch.</summary>
    public static Node RegionInput(string name, int regions, int channels, int height = 1, int width = 1) =>
        new(name, new Input(new Shape(channels, height, width)) { Multiplicity = regions });

    /// <summary>A value that comes from outside: images, labels.</summary>
    public static Node Input(string name, int channels, int height = 1, int width = 1) => new(name, new Input(new Shape(channels, height, width)));

    /// <summary>Parameters that this node's layer owns; none when it shares another node's.</summary>
    public IReadOnlyList<ParameterSpec> ParameterSpecs => Layer.SharedWith is null ? Layer.Parameters(InputShapes) : [];

    /// <summary>Multiply-adds for one sample of the batch.</summary>
    public long MultiplyAdds => Multiplicity * Layer.MultiplyAdds(InputShapes, Shape);

    /// <summary>«conv1 96×55×55».</summary>
    public override string ToString() => $"{Name} {Shape}";

    private string Trail()
    {
        var trail = new List<string> { Name };
        for (Node? n = First(Inputs); n is not null; n = First(n.Inputs))
            trail.Add(n.ToString());
        trail.Reverse();
        return string.Join(" → ", trail.Count > TrailLength ? trail.TakeLast(TrailLength).Prepend("…") : trail);
    }

    private static Node? First(IReadOnlyList<Node> nodes) => nodes.Count > 0 ? nodes[0] : null;
}

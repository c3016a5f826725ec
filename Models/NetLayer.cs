using EvenNet.Framework;

namespace EvenNet.Models;

/// <summary>One layer of a named net, at the size that it has there, alone on an input: what kernels are measured on.</summary>
/// <param name="Net">One of <see cref="Nets"/>.</param>
/// <param name="Layer">The node's name in the net; a node of one input.</param>
/// <param name="Batch">Samples.</param>
public sealed record NetLayer(string Net, string Layer, int Batch)
{
    /// <summary>Layers of every kind and size that CaffeNet, VGG-16 and GoogLeNet have.</summary>
    public static IReadOnlyList<NetLayer> All { get; } =
    [
        new("caffenet", "conv1", 32), new("caffenet", "conv2", 32), new("caffenet", "conv3", 32), new("caffenet", "conv4", 32), new("caffenet", "conv5", 32),
        new("caffenet", "pool1", 32), new("caffenet", "norm1", 32), new("caffenet", "fc6", 32), new("caffenet", "fc7", 32), new("caffenet", "fc6", 1),
        new("vgg16", "conv1_1", 2), new("vgg16", "conv1_2", 2), new("vgg16", "conv3_2", 8), new("vgg16", "conv5_1", 8), new("vgg16", "pool1", 8),
        new("googlenet", "conv1/7x7_s2", 8), new("googlenet", "conv2/3x3", 8), new("googlenet", "conv2/norm2", 8), new("googlenet", "inception_3a/5x5", 8),
        new("googlenet", "inception_3b/3x3", 8), new("googlenet", "inception_4a/1x1", 8), new("googlenet", "inception_4a/pool", 8),
        new("googlenet", "inception_5b/3x3", 8),
    ];

    /// <summary>Whether its input is the picture, whose gradient nobody wants.</summary>
    public bool IsFirst => Source.Inputs[0].Layer is Input;

    /// <summary>Floating-point operations of a forward pass over the batch; two a multiply-add.</summary>
    public double ForwardOperations => 2.0 * Batch * Source.MultiplyAdds;

    /// <summary>Of a backward pass: weights' gradients, and the input's gradient unless the layer is the first.</summary>
    public double BackwardOperations => (IsFirst ? 1 : 2) * ForwardOperations;

    /// <summary>Size of one sample of the input.</summary>
    public Shape Input => Source.InputShapes[0];

    private Node Source => Nets.Find(Net).Graph()[Layer];

    /// <summary>The layer alone, under its own name, on an input named «data».</summary>
    public Graph Graph()
    {
        Node source = Source;
        Shape x = source.InputShapes[0];
        return Framework.Graph.Of(new Node(source.Name, source.Layer, Node.Input("data", x.Channels, x.Height, x.Width)));
    }

    /// <summary>«caffenet conv1, batch 32».</summary>
    public override string ToString() => $"{Net} {Layer}, batch {Batch}";
}

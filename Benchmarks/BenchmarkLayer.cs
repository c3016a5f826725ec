using EvenNet.Framework;

namespace EvenNet.Benchmarks;

/// <summary>One layer of a published net, at the size it has there.</summary>
public sealed record BenchmarkLayer(string Name, int Batch, Shape Input, Func<Node, Node> Layer, bool IsFirst = false)
{
    /// <summary>The layer alone on an input.</summary>
    public Graph Graph() => Framework.Graph.Of(Layer(Node.Input("data", Input.Channels, Input.Height, Input.Width)));

    /// <summary>Floating-point operations of a forward pass over the batch; two a multiply-add.</summary>
    public double ForwardOperations => 2.0 * Batch * Graph().MultiplyAdds;

    /// <summary>Of a backward pass: weights' gradients, and the input's gradient unless the layer is the first.</summary>
    public double BackwardOperations => (IsFirst ? 1 : 2) * ForwardOperations;

    /// <inheritdoc/>
    public override string ToString() => Name;
}

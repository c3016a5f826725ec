using EvenNet.Framework;

namespace EvenNet.Tests;

/// <summary>
/// A recorded case built again in our notation. Nodes are named after Caffe's layers; a blob is found by its layer's name, or by
/// <see cref="Blobs"/> where the two differ.
/// </summary>
public sealed class GoldenCase(string name, Func<IReadOnlyList<Node>> outputs)
{
    public GoldenCase(string name, Func<Node> output) : this(name, () => [output()]) { }

    public string Name => name;

    /// <summary>Node names of blobs that are not called after their layer.</summary>
    public IReadOnlyDictionary<string, string> Blobs { get; init; } = new Dictionary<string, string>();

    public Phase Phase { get; init; } = Phase.Train;

    /// <summary>Caffe keeps these weights as inputs × outputs.</summary>
    public bool Transposed { get; init; }

    public Graph Graph() => Framework.Graph.Of(outputs());

    public override string ToString() => name;
}

using EvenNet.Framework;

namespace EvenNet.Models;

/// <summary>A net by name: how to build it and how its publishers fed and filled it.</summary>
/// <param name="Name">«caffenet».</param>
/// <param name="Description">One line for people.</param>
/// <param name="Outputs">Classifiers' scores for a number of classes, the main one last.</param>
/// <param name="Mean">Mean to subtract from the pixels: blue, green, red, 0 … 255.</param>
/// <param name="Fills">Hand-tuned random fill of a layer by its name: σ of a Gaussian, or null for Xavier; and the bias. Null where none was published.</param>
public sealed record NetInfo(
    string Name, string Description, Func<int, IReadOnlyList<Node>> Outputs, (float Blue, float Green, float Red) Mean,
    Func<string, (float? Deviation, float Bias)>? Fills)
{
    /// <summary>Classes of the published net.</summary>
    public int Classes { get; init; } = 1000;

    /// <summary>The graph of the scores, without losses.</summary>
    public Graph Graph(int? classes = null) => Framework.Graph.Of(Outputs(classes ?? Classes));
}

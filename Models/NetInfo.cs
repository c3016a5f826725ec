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

    /// <summary>The classifiers that the publishers train and the weights of their losses, the main one last; null where it is the last of <see cref="Outputs"/> alone.</summary>
    public Func<int, IReadOnlyList<(Node Scores, float LossWeight)>>? Trained { get; init; }

    /// <summary>The graph that the publishers train: a softmax loss on each classifier, the main one last, of class numbers in an input named «label».</summary>
    public Graph TrainingGraph(int? classes = null)
    {
        int count = classes ?? Classes;
        Node labels = Node.Input("label", 1);
        return Framework.Graph.Of([.. (Trained?.Invoke(count) ?? [(Outputs(count)[^1], 1)]).Select(t => t.Scores.SoftmaxLoss(labels, $"{t.Scores.Name}/loss", t.LossWeight))]);
    }

    /// <summary>The graph of the scores, without losses.</summary>
    public Graph Graph(int? classes = null) => Framework.Graph.Of(Outputs(classes ?? Classes));
}

using EvenNet.Framework;
using EvenNet.Models;

namespace EvenNet.Cli;

/// <summary>A net with the losses that go with a data set.</summary>
/// <param name="Graph">Ends in the losses.</param>
/// <param name="Scores">Of the main classifier.</param>
internal sealed record TrainedNet(Graph Graph, Node Scores)
{
    /// <summary>Puts sigmoid losses on the classifiers where a picture may show several classes, softmax losses where it shows one.</summary>
    public static TrainedNet Of(NetInfo info, Dataset data)
    {
        Node labels = Node.Input("label", data.LabelCount);
        // The classifiers that the net's name stands for: «googlenet» the main one, «googlenet-aux» all three with their weights.
        IReadOnlyList<Node> named = info.Outputs(data.Classes.Count);
        IReadOnlyList<(Node Scores, float Weight)> heads = named.Count > 1 && info.Trained is { } trained ? trained(data.Classes.Count) : [(named[^1], 1)];
        Graph graph = Graph.Of([.. heads.Select(h => data.IsMultiLabel
            ? h.Scores.SigmoidCrossEntropy(labels, $"{h.Scores.Name}/loss", h.Weight, ignoreLabel: Dataset.Ignored)
            : h.Scores.SoftmaxLoss(labels, $"{h.Scores.Name}/loss", h.Weight))]);
        return new TrainedNet(graph, heads[^1].Scores);
    }
}

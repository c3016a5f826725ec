using EvenNet.Framework;
using EvenNet.Initialization;
using EvenNet.Models;

namespace EvenNet.Cli;

/// <summary>A net with the losses that go with a data set.</summary>
/// <param name="Graph">Ends in the losses.</param>
/// <param name="Scores">Of the main classifier.</param>
internal sealed record TrainedNet(Graph Graph, Node Scores)
{
    /// <summary>The file's own losses; else sigmoid losses on the classifiers where a picture may show several classes, softmax losses where it shows one.</summary>
    /// <param name="net">The net.</param>
    /// <param name="data">What it is trained on.</param>
    /// <param name="note">Takes what is done otherwise than the file has it.</param>
    public static TrainedNet Of(NetSource net, Dataset data, Action<string> note)
    {
        Node labels = Node.Input("label", data.LabelCount);
        // The classifiers that the net's name stands for: «googlenet» the main one, «googlenet-aux» all three with their weights.
        IReadOnlyList<Node> named = net.Info.Outputs(data.Classes.Count);
        Node[] losses = [.. net.Losses];
        Node[] made = losses.Length > 0
            ? [.. losses.Select(l => new Node(l.Name, Fitting(l, data, net.Info, note), l.Inputs[0], labels))]
            : [.. Heads(net.Info, named, data.Classes.Count).Select(h => new Node($"{h.Scores.Name}/loss", Loss(data, h.Weight), h.Scores, labels))];
        return new TrainedNet(Graph.Of(made), made[^1].Inputs[0]);
    }

    /// <summary>The value that a classifier's loss reads: a net for use may end in a softmax, which is part of the loss.</summary>
    public static Node ScoresOf(Node output) => Tops.Below(output);

    private static IEnumerable<(Node Scores, float Weight)> Heads(NetInfo info, IReadOnlyList<Node> named, int classes) =>
        named.Count > 1 && info.Trained is { } trained ? trained(classes).Select(t => (t.Scores, t.LossWeight)) : [(ScoresOf(named[^1]), 1)];

    private static Layer Loss(Dataset data, float weight) => data.IsMultiLabel ? new SigmoidCrossEntropy(weight, Dataset.Ignored) : new SoftmaxLoss(weight);

    private static Layer Fitting(Node loss, Dataset data, NetInfo info, Action<string> note)
    {
        switch (loss.Layer)
        {
            case SoftmaxLoss when !data.IsMultiLabel: return loss.Layer;
            case SigmoidCrossEntropy own when data.IsMultiLabel: return own with { IgnoreLabel = Dataset.Ignored };
            case SoftmaxLoss or SigmoidCrossEntropy:
                note($"{info.Name}: its loss {loss.Name} is {loss.Layer.GetType().Name}, but {(data.IsMultiLabel ? "these pictures may show several classes: sigmoid cross-entropy is used" : "each of these pictures shows one class: the softmax loss is used")} in its place, with its weight");
                return Loss(data, ((ILoss)loss.Layer).Weight);
            default: throw new ToolException(ExitCode.Data, $"{info.Name}: its loss {loss.Name} ({loss.Layer.GetType().Name}) does not judge classes, which are what these data have");
        }
    }
}

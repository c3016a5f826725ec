using EvenNet.Framework;

namespace EvenNet.Tests;

/// <summary>Small nets to initialize: what the large ones have, at a size where the reference backend is fast enough.</summary>
internal static class InitNets
{
    /// <summary>Rectifiers and max pooling only: scaling a layer scales all that follows. Groups, strides, a 1×1 kernel, 19×17 pictures.</summary>
    public static Graph Chain(int classes = 7) => Graph.Of(Node.Input("data", 3, 19, 17)
        .Convolution("conv1", 12, kernel: 5, stride: 2).Relu().MaxPool("pool1", 3, stride: 2)
        .Convolution("conv2", 16, kernel: 3, pad: 1, groups: 2).Relu()
        .Convolution("conv3", 10, kernel: 1).Relu()
        .InnerProduct("fc4", 20).Relu().InnerProduct("fc5", classes));

    /// <summary>Eight inner products with rectifiers between them, for independent inputs.</summary>
    public static Graph Deep()
    {
        Node x = Node.Input("data", 40);
        int[] widths = [64, 32, 48, 20, 64, 40, 24, 30];
        for (int i = 0; i < widths.Length; i++) x = (i == 0 ? x : x.Relu()).InnerProduct($"fc{i + 1}", widths[i]);
        return Graph.Of(x);
    }

    /// <summary>Two inception modules with local response normalisation, both poolings, groups and dropout; one classifier or two.</summary>
    public static Graph Dag(bool heads = false, int classes = 7) => Graph.Of(DagScores(heads, classes));

    /// <summary>The same with a loss on each classifier; the second counts 0.3.</summary>
    public static Graph DagWithLosses(int classes = 7)
    {
        IReadOnlyList<Node> scores = DagScores(heads: true, classes);
        Node label = Node.Input("label", 1);
        return Graph.Of(scores[0].SoftmaxLoss(label, "auxiliary/loss", weight: 0.3f), scores[1].SoftmaxLoss(label, "main/loss"));
    }

    public static string[] Names => ["chain", "dag", "heads"];

    public static Graph Named(string name, int classes = 7) => name switch { "chain" => Chain(classes), _ => Dag(heads: name == "heads", classes) };

    private static IReadOnlyList<Node> DagScores(bool heads, int classes)
    {
        Node x = Node.Input("data", 3, 33, 33)
            .Convolution("conv1", 16, kernel: 5, stride: 2, pad: 2).Relu().MaxPool("pool1", 3, stride: 2).Lrn("norm1", size: 3);
        x = Inception("inception_a", x, 8, 6, 12, 4, 6, 6);
        Node auxiliary = x.AveragePool("auxiliary/pool", 4, stride: 2).Convolution("auxiliary/conv", 10, kernel: 1).Relu()
            .InnerProduct("auxiliary/fc", 24).Relu().Dropout(0.7f).InnerProduct("auxiliary/classifier", classes);
        x = Inception("inception_b", x.MaxPool("pool2", 3, stride: 2), 10, 6, 12, 4, 6, 8);
        Node main = x.GlobalAveragePool("pool3").Dropout(0.4f).InnerProduct("main/classifier", classes);
        return heads ? [auxiliary, main] : [main];
    }

    private static Node Inception(string name, Node x, int c1, int r3, int c3, int r5, int c5, int pool) => Node.Concat(
        $"{name}/output",
        x.Convolution($"{name}/1x1", c1, kernel: 1).Relu(),
        x.Convolution($"{name}/3x3_reduce", r3, kernel: 1).Relu().Convolution($"{name}/3x3", c3, kernel: 3, pad: 1, groups: 2).Relu(),
        x.Convolution($"{name}/5x5_reduce", r5, kernel: 1).Relu().Convolution($"{name}/5x5", c5, kernel: 5, pad: 2).Relu(),
        x.MaxPool($"{name}/pool", 3, stride: 1, pad: 1).Convolution($"{name}/pool_proj", pool, kernel: 1).Relu());
}

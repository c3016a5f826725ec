using EvenNet.Framework;

namespace EvenNet.Models;

/// <summary>The nets that have a name.</summary>
public static class Nets
{
    private static readonly (float, float, float) ImageNetMean = (104, 117, 123);

    // torchvision's 0.406, 0.456 and 0.485 of 255.
    private static readonly (float, float, float) TorchMean = (103.53f, 116.28f, 123.675f);

    // Of the 50,000 training pictures of CIFAR-10 (Krizhevsky 2009): 113.87, 122.95, 125.31.
    private static readonly (float, float, float) CifarMean = (114, 123, 125);

    // Of He et al. 2016, Table 6.
    private static int[] ResNetDepths => [20, 32, 44, 56, 110];

    /// <summary>All.</summary>
    public static IReadOnlyList<NetInfo> All { get; } =
    [
        new("caffenet", "CaffeNet (Jia et al. 2014)", c => [CaffeNet.Scores(c)], ImageNetMean, layer => Tuned(layer, bias: 1)),
        new("alexnet", "AlexNet (Krizhevsky et al. 2012)", c => [AlexNet.Scores(c)], ImageNetMean, layer => Tuned(layer, bias: 0.1f)),
        new("vgg16", "VGG-16 (Simonyan and Zisserman 2015)", c => [Vgg16.Scores(c)], (103.939f, 116.779f, 123.68f), Fills: null),
        new("googlenet", "GoogLeNet (Szegedy et al. 2015), main classifier", c => [GoogLeNet.Scores(c).Main], ImageNetMean, Xavier) { Trained = TrainedHeads },
        new("googlenet-aux", "GoogLeNet with both auxiliary classifiers", WithHeads, ImageNetMean, Xavier) { Trained = TrainedHeads },
        new("alexnet-owt", "AlexNet in one column (Krizhevsky 2014), torchvision's alexnet", c => [AlexNetOwt.Scores(c)], TorchMean, Fills: null),
        new("googlenet-bn", "GoogLeNet with batch normalization, torchvision's googlenet", c => [GoogLeNetBn.Scores(c)], (127.5f, 127.5f, 127.5f), Fills: null),
        new("caffenet-mini", "CaffeNet's layers at a sixteenth of the work, for 113×113 pictures", c => [CaffeNetMini.Scores(c)], ImageNetMean, layer => Tuned(layer, bias: 1)) { Classes = 20 },
        new("caffenet-bn", "CaffeNet with batch normalization", c => [CaffeNetBn.Scores(c)], ImageNetMean, layer => Tuned(layer, bias: 0)),
        new("cifar10_quick", "Caffe's smaller net for CIFAR-10, for 32×32 pictures", c => [Cifar10Quick.Scores(c)], CifarMean, CifarQuick) { Classes = 10 },
        new("cifar10_full", "Caffe's larger net for CIFAR-10, for 32×32 pictures", c => [Cifar10Full.Scores(c)], CifarMean, CifarFull) { Classes = 10 },
        new("lenet", "Caffe's LeNet, for 28×28 grey pictures", c => [LeNet.Scores(c)], (0, 0, 0), _ => (null, 0)) { Classes = 10 },
        FitNet("fitnet4", "rectifiers", Activation.Relu),
        FitNet("fitnet4-maxout", "maxout", Activation.Maxout),
        FitNet("fitnet4-vlrelu", "very leaky rectifiers", Activation.VeryLeakyRelu),
        FitNet("fitnet4-prelu", "learned slopes", Activation.PRelu),
        FitNet("fitnet4-elu", "exponential linear units", Activation.Elu),
        FitNet("fitnet4-tanh", "hyperbolic tangents", Activation.Tanh),
        FitNet("fitnet4-sigmoid", "sigmoids", Activation.Sigmoid),
        new("fitnet-mnist", "FitNet with maxout (Romero et al. 2015), for 28×28 grey pictures", c => [FitNetMnist.Scores(c)], (0, 0, 0), Fills: null) { Classes = 10 },
        .. ResNetDepths.Select(depth => new NetInfo($"resnet{depth}", $"ResNet-{depth} (He et al. 2016), for 32×32 pictures", c => [ResNet.Scores(depth, c)], CifarMean, Fills: null) { Classes = 10 }),
        .. ResNetDepths.Select(depth => new NetInfo($"plain{depth}", $"ResNet-{depth} without shortcuts", c => [ResNet.Scores(depth, c, shortcuts: false)], CifarMean, Fills: null) { Classes = 10 }),
    ];

    /// <summary>The net with this name.</summary>
    /// <exception cref="GraphException">There is none; the message lists all and names the nearest.</exception>
    public static NetInfo Find(string name) => All.FirstOrDefault(n => n.Name == name)
        ?? throw new GraphException(
            $"no net named {name}; did you mean {NearestName.Of(name, All.Select(n => n.Name))}? There are {string.Join(", ", All.Select(n => n.Name))}");

    // The fillers of Caffe's published definitions.
    private static (float?, float) Tuned(string layer, float bias) => layer switch
    {
        "conv1" or "conv3" or "fc8" => (0.01f, 0),
        "fc6" or "fc7" => (0.005f, bias),
        _ => (0.01f, bias),
    };

    private static (float?, float) CifarQuick(string layer) => layer switch
    {
        "conv1" => (0.0001f, 0),
        "ip1" or "ip2" => (0.1f, 0),
        _ => (0.01f, 0),
    };

    private static (float?, float) CifarFull(string layer) => (layer == "conv1" ? 0.0001f : 0.01f, 0);

    private static NetInfo FitNet(string name, string with, Activation activation) =>
        new(name, $"FitNet-4 (Romero et al. 2015) with {with}, for 32×32 pictures", c => [FitNet4.Scores(c, activation)], CifarMean, Fills: null) { Classes = 10 };

    private static (float?, float) Xavier(string layer) => (null, layer.EndsWith("classifier", StringComparison.Ordinal) ? 0 : 0.2f);

    private static IReadOnlyList<Node> WithHeads(int classes)
    {
        GoogLeNet.Heads heads = GoogLeNet.Scores(classes);
        return [heads.Auxiliary1, heads.Auxiliary2, heads.Main];
    }

    private static IReadOnlyList<(Node, float)> TrainedHeads(int classes)
    {
        GoogLeNet.Heads heads = GoogLeNet.Scores(classes);
        return [(heads.Auxiliary1, GoogLeNet.AuxiliaryLossWeight), (heads.Auxiliary2, GoogLeNet.AuxiliaryLossWeight), (heads.Main, 1)];
    }
}

using EvenNet.Framework;

namespace EvenNet.Models;

/// <summary>
/// The residual nets for CIFAR-10 and their plain counterparts (He et al. 2016, §4.2): 6n + 2 layers, three stages of n blocks with two 3×3 convolutions
/// each and 16, 32, 64 channels; batch normalization after every convolution. Where channels double and sides halve, the shortcut takes every second
/// position and pads with zero channels (option A), so that both kinds have the same parameters. Input 32×32 BGR.
/// </summary>
public static class ResNet
{
    private const int Stages = 3, Channels = 16;

    // Statistics for testing follow the last hundred batches. With Caffe's thousand, a short training is judged by those of weights long gone.
    private const float Fraction = 0.99f;

    /// <summary>The scores before any loss.</summary>
    /// <param name="depth">Convolutions and the classifier: 20, 32, 44, 56, 110 or any other 6n + 2.</param>
    /// <param name="classes">Outputs.</param>
    /// <param name="shortcuts">False for the plain net.</param>
    public static Node Scores(int depth, int classes, bool shortcuts = true)
    {
        if (depth < 8 || depth % 6 != 2) throw new ArgumentOutOfRangeException(nameof(depth), $"these nets have 6n + 2 layers, 8, 14, 20 and so on; got {depth}");
        Node x = Normalized(Node.Input("data", 3, 32, 32), "conv1", Channels).Relu();
        for (int stage = 1; stage <= Stages; stage++)
        {
            for (int block = 1; block <= depth / 6; block++)
                x = Block($"stage{stage}/block{block}", x, Channels << (stage - 1), stride: stage > 1 && block == 1 ? 2 : 1, shortcuts);
        }
        return x.GlobalAveragePool("pool").InnerProduct("fc", classes, biasRate: 1);
    }

    private static Node Block(string name, Node x, int channels, int stride, bool shortcut)
    {
        Node path = Normalized(Normalized(x, $"{name}/conv1", channels, stride).Relu(), $"{name}/conv2", channels);
        if (!shortcut) return path.Relu();
        Node identity = stride == 1 ? x : x.AveragePool($"{name}/half", 1, stride).ChannelPad($"{name}/pad", channels);
        return Node.Sum($"{name}/sum", path, identity).Relu();
    }

    private static Node Normalized(Node x, string name, int channels, int stride = 1) =>
        x.Convolution(name, channels, kernel: 3, stride: stride, pad: 1, bias: false).BatchNorm($"{name}/bn", fraction: Fraction).Scale($"{name}/scale");
}

using EvenNet.Framework;

namespace EvenNet.Models;

/// <summary>VGG, configuration D (Simonyan and Zisserman 2015): thirteen 3×3 convolutions and three fully connected layers. Input 224×224 BGR.</summary>
public static class Vgg16
{
    /// <summary>The scores before any loss.</summary>
    public static Node Scores(int classes)
    {
        Node x = Node.Input("data", 3, 224, 224);
        foreach ((int block, int depth, int channels) in (ReadOnlySpan<(int, int, int)>)[(1, 2, 64), (2, 2, 128), (3, 3, 256), (4, 3, 512), (5, 3, 512)])
        {
            for (int i = 1; i <= depth; i++) x = x.Convolution($"conv{block}_{i}", channels, kernel: 3, pad: 1).Relu();
            x = x.MaxPool($"pool{block}", 2, stride: 2);
        }
        return x.InnerProduct("fc6", 4096).Relu().Dropout(0.5f).InnerProduct("fc7", 4096).Relu().Dropout(0.5f).InnerProduct("fc8", classes);
    }
}

using EvenNet.Framework;

namespace EvenNet.Models;

/// <summary>The maxout FitNet for MNIST (Romero et al. 2015) as Mishkin and Matas 2016 train it. Input 28×28 grey.</summary>
public static class FitNetMnist
{
    /// <summary>The scores before any loss.</summary>
    public static Node Scores(int classes)
    {
        Node x = Node.Input("data", 1, 28, 28);
        foreach ((int block, int channels, int window) in (ReadOnlySpan<(int, int, int)>)[(1, 16, 4), (2, 16, 4), (3, 12, 2)])
        {
            for (int i = 1; i <= 2; i++) x = x.MaxoutConvolution($"conv{block}_{i}", channels, pieces: 2, kernel: 3, pad: 1, biasRate: 1);
            x = x.MaxPool($"pool{block}", window, stride: 2);
        }
        return x.Dropout(0.3f).InnerProduct("fc4", classes, biasRate: 1);
    }
}

using EvenNet.Framework;

namespace EvenNet.Models;

/// <summary>
/// FitNet-4 (Romero et al. 2015) as Mishkin and Matas 2016 train it: seventeen 3×3 convolutions and two fully connected layers, thin and deep, with
/// any activation; maxout takes two pieces, five in the fully connected layer. Input 32×32 BGR.
/// </summary>
public static class FitNet4
{
    private const float Rate = 0.2f;

    /// <summary>The scores before any loss.</summary>
    public static Node Scores(int classes, Activation activation = Activation.Relu)
    {
        Node x = Node.Input("data", 3, 32, 32).Dropout(Rate);
        int[][] blocks = [[32, 32, 32, 48, 48], [80, 80, 80, 80, 80, 80], [128, 128, 128, 128, 128, 128]];
        for (int block = 1; block <= blocks.Length; block++)
        {
            for (int i = 1; i <= blocks[block - 1].Length; i++) x = Convolution(x, $"conv{block}_{i}", blocks[block - 1][i - 1], activation);
            int window = block == blocks.Length ? x.Shape.Height : 2;
            x = x.MaxPool($"pool{block}", window, stride: window).Dropout(Rate);
        }
        Node hidden = activation == Activation.Maxout ? x.MaxoutInnerProduct("fc4", 500, pieces: 5, biasRate: 1) : x.InnerProduct("fc4", 500, biasRate: 1).Activate(activation);
        return hidden.Dropout(Rate).InnerProduct("fc5", classes, biasRate: 1);
    }

    private static Node Convolution(Node x, string name, int outputs, Activation activation) => activation == Activation.Maxout
        ? x.MaxoutConvolution(name, outputs, pieces: 2, kernel: 3, pad: 1, biasRate: 1)
        : x.Convolution(name, outputs, kernel: 3, pad: 1, biasRate: 1).Activate(activation);
}

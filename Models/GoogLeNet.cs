using EvenNet.Framework;

namespace EvenNet.Models;

/// <summary>
/// GoogLeNet (Szegedy et al. 2015) as Caffe publishes it: nine inception modules; the two auxiliary classifiers are optional outputs.
/// Input 224×224 BGR.
/// </summary>
public static class GoogLeNet
{
    /// <summary>Loss weight of each auxiliary classifier (Szegedy et al. 2015, §5).</summary>
    public const float AuxiliaryLossWeight = 0.3f;

    /// <summary>The three classifiers' scores. A graph of <paramref name="Main"/> alone holds no part of the others.</summary>
    /// <param name="Main">At the top.</param>
    /// <param name="Auxiliary1">On module 4a.</param>
    /// <param name="Auxiliary2">On module 4d.</param>
    public readonly record struct Heads(Node Main, Node Auxiliary1, Node Auxiliary2);

    /// <summary>The scores before any loss.</summary>
    public static Heads Scores(int classes)
    {
        Node x = Node.Input("data", 3, 224, 224)
            .Convolution("conv1/7x7_s2", 64, kernel: 7, stride: 2, pad: 3).Relu().MaxPool("pool1/3x3_s2", 3, stride: 2).Lrn("pool1/norm1")
            .Convolution("conv2/3x3_reduce", 64, kernel: 1).Relu()
            .Convolution("conv2/3x3", 192, kernel: 3, pad: 1).Relu().Lrn("conv2/norm2").MaxPool("pool2/3x3_s2", 3, stride: 2);

        //                              1×1  3×3 reduce,3×3  5×5 reduce,5×5  pool
        x = Inception("inception_3a", x, 64, 96, 128, 16, 32, 32);
        x = Inception("inception_3b", x, 128, 128, 192, 32, 96, 64).MaxPool("pool3/3x3_s2", 3, stride: 2);
        x = Inception("inception_4a", x, 192, 96, 208, 16, 48, 64);
        Node auxiliary1 = Auxiliary("loss1", x, classes);
        x = Inception("inception_4b", x, 160, 112, 224, 24, 64, 64);
        x = Inception("inception_4c", x, 128, 128, 256, 24, 64, 64);
        x = Inception("inception_4d", x, 112, 144, 288, 32, 64, 64);
        Node auxiliary2 = Auxiliary("loss2", x, classes);
        x = Inception("inception_4e", x, 256, 160, 320, 32, 128, 128).MaxPool("pool4/3x3_s2", 3, stride: 2);
        x = Inception("inception_5a", x, 256, 160, 320, 32, 128, 128);
        x = Inception("inception_5b", x, 384, 192, 384, 48, 128, 128);

        Node main = x.AveragePool("pool5/7x7_s1", 7, stride: 1).Dropout(0.4f).InnerProduct("loss3/classifier", classes);
        return new Heads(main, auxiliary1, auxiliary2);
    }

    private static Node Inception(string name, Node x, int c1, int r3, int c3, int r5, int c5, int pool) => Node.Concat(
        $"{name}/output",
        x.Convolution($"{name}/1x1", c1, kernel: 1).Relu(),
        x.Convolution($"{name}/3x3_reduce", r3, kernel: 1).Relu().Convolution($"{name}/3x3", c3, kernel: 3, pad: 1).Relu(),
        x.Convolution($"{name}/5x5_reduce", r5, kernel: 1).Relu().Convolution($"{name}/5x5", c5, kernel: 5, pad: 2).Relu(),
        x.MaxPool($"{name}/pool", 3, stride: 1, pad: 1).Convolution($"{name}/pool_proj", pool, kernel: 1).Relu());

    private static Node Auxiliary(string name, Node x, int classes) => x
        .AveragePool($"{name}/ave_pool", 5, stride: 3).Convolution($"{name}/conv", 128, kernel: 1).Relu()
        .InnerProduct($"{name}/fc", 1024).Relu().Dropout(0.7f).InnerProduct($"{name}/classifier", classes);
}

using EvenNet.Framework;

namespace EvenNet.Models;

/// <summary>
/// GoogLeNet with batch normalization after every convolution and without local normalisation, as torchvision publishes it: its modules have two 3×3
/// branches where the paper's have a 5×5 one, and its last pooling before the top has windows of two. The main classifier alone. Input 224×224 BGR,
/// mean subtracted.
/// </summary>
public static class GoogLeNetBn
{
    // torchvision's, a hundred times Caffe's.
    private const float Epsilon = 1e-3f;

    /// <summary>The scores before any loss.</summary>
    public static Node Scores(int classes)
    {
        Node x = Normalized(Node.Input("data", 3, 224, 224), "conv1/7x7_s2", 64, kernel: 7, stride: 2, pad: 3).MaxPool("pool1/3x3_s2", 3, stride: 2);
        x = Normalized(Normalized(x, "conv2/3x3_reduce", 64, kernel: 1), "conv2/3x3", 192, kernel: 3, pad: 1).MaxPool("pool2/3x3_s2", 3, stride: 2);

        //                              1×1  3×3 reduce,3×3  3×3 reduce,3×3  pool
        x = Inception("inception_3a", x, 64, 96, 128, 16, 32, 32);
        x = Inception("inception_3b", x, 128, 128, 192, 32, 96, 64).MaxPool("pool3/3x3_s2", 3, stride: 2);
        x = Inception("inception_4a", x, 192, 96, 208, 16, 48, 64);
        x = Inception("inception_4b", x, 160, 112, 224, 24, 64, 64);
        x = Inception("inception_4c", x, 128, 128, 256, 24, 64, 64);
        x = Inception("inception_4d", x, 112, 144, 288, 32, 64, 64);
        x = Inception("inception_4e", x, 256, 160, 320, 32, 128, 128).MaxPool("pool4/2x2_s2", 2, stride: 2);
        x = Inception("inception_5a", x, 256, 160, 320, 32, 128, 128);
        x = Inception("inception_5b", x, 384, 192, 384, 48, 128, 128);
        return x.GlobalAveragePool("pool5").Dropout(0.2f).InnerProduct("loss3/classifier", classes);
    }

    private static Node Inception(string name, Node x, int c1, int r3, int c3, int d3, int e3, int pool) => Node.Concat(
        $"{name}/output",
        Normalized(x, $"{name}/1x1", c1, kernel: 1),
        Normalized(Normalized(x, $"{name}/3x3_reduce", r3, kernel: 1), $"{name}/3x3", c3, kernel: 3, pad: 1),
        Normalized(Normalized(x, $"{name}/double3x3_reduce", d3, kernel: 1), $"{name}/double3x3", e3, kernel: 3, pad: 1),
        Normalized(x.MaxPool($"{name}/pool", 3, stride: 1, pad: 1), $"{name}/pool_proj", pool, kernel: 1));

    private static Node Normalized(Node x, string name, int outputs, int kernel, int stride = 1, int pad = 0) =>
        x.Convolution(name, outputs, kernel, stride, pad, bias: false).BatchNorm($"{name}/bn", Epsilon).Scale($"{name}/scale").Relu();
}

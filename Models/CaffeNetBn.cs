using EvenNet.Framework;

namespace EvenNet.Models;

/// <summary>
/// CaffeNet with batch normalization and its scale before every rectifier. Krähenbühl et al. 2016, Table 1, reports such a net without saying where the
/// normalization stands; everything else is left as it is. Input 227×227 BGR, mean subtracted.
/// </summary>
public static class CaffeNetBn
{
    /// <summary>The scores before any loss.</summary>
    public static Node Scores(int classes) => Node.Input("data", 3, 227, 227)
        .Convolution("conv1", 96, kernel: 11, stride: 4).Normalized("conv1").MaxPool("pool1", 3, stride: 2).Lrn("norm1")
        .Convolution("conv2", 256, kernel: 5, pad: 2, groups: 2).Normalized("conv2").MaxPool("pool2", 3, stride: 2).Lrn("norm2")
        .Convolution("conv3", 384, kernel: 3, pad: 1).Normalized("conv3")
        .Convolution("conv4", 384, kernel: 3, pad: 1, groups: 2).Normalized("conv4")
        .Convolution("conv5", 256, kernel: 3, pad: 1, groups: 2).Normalized("conv5").MaxPool("pool5", 3, stride: 2)
        .InnerProduct("fc6", 4096).Normalized("fc6").Dropout(0.5f)
        .InnerProduct("fc7", 4096).Normalized("fc7").Dropout(0.5f)
        .InnerProduct("fc8", classes);

    private static Node Normalized(this Node x, string name) => x.BatchNorm($"{name}/bn").Scale($"{name}/scale").Relu();
}

using EvenNet.Framework;

namespace EvenNet.Models;

/// <summary>CaffeNet's eight layers with fewer channels on 113×113 pictures: a net to look at in seconds. Input BGR, mean subtracted.</summary>
public static class CaffeNetMini
{
    /// <summary>The scores before any loss.</summary>
    public static Node Scores(int classes) => Node.Input("data", 3, 113, 113)
        .Convolution("conv1", 48, kernel: 11, stride: 4).Relu().MaxPool("pool1", 3, stride: 2).Lrn("norm1")
        .Convolution("conv2", 96, kernel: 5, pad: 2, groups: 2).Relu().MaxPool("pool2", 3, stride: 2).Lrn("norm2")
        .Convolution("conv3", 128, kernel: 3, pad: 1).Relu()
        .Convolution("conv4", 128, kernel: 3, pad: 1, groups: 2).Relu()
        .Convolution("conv5", 96, kernel: 3, pad: 1, groups: 2).Relu().MaxPool("pool5", 3, stride: 2)
        .InnerProduct("fc6", 512).Relu().Dropout(0.5f)
        .InnerProduct("fc7", 512).Relu().Dropout(0.5f)
        .InnerProduct("fc8", classes);
}

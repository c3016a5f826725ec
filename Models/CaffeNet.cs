using EvenNet.Framework;

namespace EvenNet.Models;

/// <summary>CaffeNet (Jia et al. 2014): AlexNet with pooling before normalisation. Input 227×227 BGR, mean subtracted.</summary>
public static class CaffeNet
{
    /// <summary>The scores before any loss.</summary>
    public static Node Scores(int classes) => Node.Input("data", 3, 227, 227)
        .Convolution("conv1", 96, kernel: 11, stride: 4).Relu().MaxPool("pool1", 3, stride: 2).Lrn("norm1")
        .Convolution("conv2", 256, kernel: 5, pad: 2, groups: 2).Relu().MaxPool("pool2", 3, stride: 2).Lrn("norm2")
        .Convolution("conv3", 384, kernel: 3, pad: 1).Relu()
        .Convolution("conv4", 384, kernel: 3, pad: 1, groups: 2).Relu()
        .Convolution("conv5", 256, kernel: 3, pad: 1, groups: 2).Relu().MaxPool("pool5", 3, stride: 2)
        .InnerProduct("fc6", 4096).Relu().Dropout(0.5f)
        .InnerProduct("fc7", 4096).Relu().Dropout(0.5f)
        .InnerProduct("fc8", classes);
}

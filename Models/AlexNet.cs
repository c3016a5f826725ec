using EvenNet.Framework;

namespace EvenNet.Models;

/// <summary>AlexNet (Krizhevsky et al. 2012) as Caffe publishes it: normalisation before pooling, one column with groups. Input 227×227 BGR.</summary>
public static class AlexNet
{
    /// <summary>The scores before any loss.</summary>
    public static Node Scores(int classes) => Node.Input("data", 3, 227, 227)
        .Convolution("conv1", 96, kernel: 11, stride: 4).Relu().Lrn("norm1").MaxPool("pool1", 3, stride: 2)
        .Convolution("conv2", 256, kernel: 5, pad: 2, groups: 2).Relu().Lrn("norm2").MaxPool("pool2", 3, stride: 2)
        .Convolution("conv3", 384, kernel: 3, pad: 1).Relu()
        .Convolution("conv4", 384, kernel: 3, pad: 1, groups: 2).Relu()
        .Convolution("conv5", 256, kernel: 3, pad: 1, groups: 2).Relu().MaxPool("pool5", 3, stride: 2)
        .InnerProduct("fc6", 4096).Relu().Dropout(0.5f)
        .InnerProduct("fc7", 4096).Relu().Dropout(0.5f)
        .InnerProduct("fc8", classes);
}

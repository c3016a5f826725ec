using EvenNet.Framework;

namespace EvenNet.Models;

/// <summary>
/// AlexNet in one column (Krizhevsky 2014, «One weird trick»), as torchvision publishes it: no groups, no normalisation, fewer channels, dropout before
/// the fully connected layers. Input 224×224 BGR, mean subtracted.
/// </summary>
public static class AlexNetOwt
{
    /// <summary>The scores before any loss.</summary>
    public static Node Scores(int classes) => Node.Input("data", 3, 224, 224)
        .Convolution("conv1", 64, kernel: 11, stride: 4, pad: 2).Relu().MaxPool("pool1", 3, stride: 2)
        .Convolution("conv2", 192, kernel: 5, pad: 2).Relu().MaxPool("pool2", 3, stride: 2)
        .Convolution("conv3", 384, kernel: 3, pad: 1).Relu()
        .Convolution("conv4", 256, kernel: 3, pad: 1).Relu()
        .Convolution("conv5", 256, kernel: 3, pad: 1).Relu().MaxPool("pool5", 3, stride: 2)
        .Dropout(0.5f).InnerProduct("fc6", 4096).Relu()
        .Dropout(0.5f).InnerProduct("fc7", 4096).Relu()
        .InnerProduct("fc8", classes);
}

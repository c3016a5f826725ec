using EvenNet.Framework;

namespace EvenNet.Models;

/// <summary>
/// The larger of Caffe's two CIFAR-10 nets, «cifar10_full» (Jia et al. 2014, examples): normalised within channels, and with 250 times the decay on its
/// classifier. Input 32×32 BGR, mean subtracted.
/// </summary>
public static class Cifar10Full
{
    /// <summary>The scores before any loss.</summary>
    public static Node Scores(int classes) => Node.Input("data", 3, 32, 32)
        .Convolution("conv1", 32, kernel: 5, pad: 2).MaxPool("pool1", 3, stride: 2).Relu().LrnWithin("norm1", size: 3, alpha: 5e-5f)
        .Convolution("conv2", 32, kernel: 5, pad: 2).Relu().AveragePool("pool2", 3, stride: 2).LrnWithin("norm2", size: 3, alpha: 5e-5f)
        .Convolution("conv3", 64, kernel: 5, pad: 2).Relu().AveragePool("pool3", 3, stride: 2)
        .InnerProduct("ip1", classes, decay: 250);
}

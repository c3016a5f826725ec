using EvenNet.Framework;

namespace EvenNet.Models;

/// <summary>The smaller of Caffe's two CIFAR-10 nets, «cifar10_quick» (Jia et al. 2014, examples). Input 32×32 BGR, mean subtracted.</summary>
public static class Cifar10Quick
{
    /// <summary>The scores before any loss.</summary>
    public static Node Scores(int classes) => Node.Input("data", 3, 32, 32)
        .Convolution("conv1", 32, kernel: 5, pad: 2).MaxPool("pool1", 3, stride: 2).Relu()
        .Convolution("conv2", 32, kernel: 5, pad: 2).Relu().AveragePool("pool2", 3, stride: 2)
        .Convolution("conv3", 64, kernel: 5, pad: 2).Relu().AveragePool("pool3", 3, stride: 2)
        .InnerProduct("ip1", 64)
        .InnerProduct("ip2", classes);
}

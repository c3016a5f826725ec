using EvenNet.Framework;

namespace EvenNet.Models;

/// <summary>Caffe's LeNet (after LeCun et al. 1998, with rectifiers; Jia et al. 2014, examples). Input 28×28 grey, scaled to 0 … 1.</summary>
public static class LeNet
{
    /// <summary>The scores before any loss.</summary>
    public static Node Scores(int classes) => Node.Input("data", 1, 28, 28)
        .Convolution("conv1", 20, kernel: 5).MaxPool("pool1", 2, stride: 2)
        .Convolution("conv2", 50, kernel: 5).MaxPool("pool2", 2, stride: 2)
        .InnerProduct("ip1", 500).Relu()
        .InnerProduct("ip2", classes);
}

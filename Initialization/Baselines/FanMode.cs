namespace EvenNet.Initialization;

/// <summary>Which fan sets the size of random weights: n in Caffe's fillers.</summary>
public enum FanMode
{
    /// <summary>Values of one output: inputs per group × window. Caffe's default, for Xavier too.</summary>
    In,

    /// <summary>Outputs × window, not divided by the groups.</summary>
    Out,

    /// <summary>The mean of both.</summary>
    Average,
}

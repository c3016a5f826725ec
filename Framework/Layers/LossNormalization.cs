namespace EvenNet.Framework;

/// <summary>What a summed loss is divided by (at least one); the names are Caffe's.</summary>
public enum LossNormalization
{
    /// <summary>Labels that are not ignored.</summary>
    Valid,

    /// <summary>All labels, ignored ones too.</summary>
    Full,

    /// <summary>Samples in the batch.</summary>
    BatchSize,

    /// <summary>One.</summary>
    None,
}

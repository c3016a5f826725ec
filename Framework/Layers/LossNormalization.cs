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

/// <summary>The divisor behind the name.</summary>
public static class LossDivisor
{
    /// <summary>What a loss over <paramref name="batch"/> samples with <paramref name="all"/> labels, <paramref name="valid"/> of them not ignored, is divided by.</summary>
    public static double Divisor(this LossNormalization normalization, int batch, long all, long valid) => Math.Max(1, normalization switch
    {
        LossNormalization.Valid => valid,
        LossNormalization.Full => all,
        LossNormalization.BatchSize => batch,
        _ => 1,
    });
}

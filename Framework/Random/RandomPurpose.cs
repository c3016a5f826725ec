namespace EvenNet.Framework;

/// <summary>
/// What random numbers are for. Each purpose has a stream of its own, so drawing more for one never moves another.
/// The values are part of every seeded result: append, never renumber.
/// </summary>
public enum RandomPurpose : byte
{
    /// <summary>Initial weights.</summary>
    Weights = 1,

    /// <summary>Replacements of filters that answer nothing.</summary>
    Redraw = 2,

    /// <summary>Which patches are kept when there are too many.</summary>
    Patches = 3,

    /// <summary>Seeding and re-seeding of clusters, mini-batches.</summary>
    Clusters = 4,

    /// <summary>Start block of an iterative eigenvalue method.</summary>
    Eigenvectors = 5,

    /// <summary>The random loss that is propagated back to measure change rates.</summary>
    Noise = 6,

    /// <summary>Dropout masks.</summary>
    Dropout = 7,

    /// <summary>Order of the samples in an epoch.</summary>
    Order = 8,

    /// <summary>Random crops, mirrors and other changes of one sample.</summary>
    Transform = 9,
}

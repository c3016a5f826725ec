namespace EvenNet.Kernels.Cpu;

/// <summary>
/// What one register tile computes: result[i, o] = bias[o] + Σ source[offset[tap] + k · step + i · stride] · weight[tap, k, o] over taps and steps k,
/// for some rows i and one or two blocks of 16 columns o.
/// In a convolution a row is an output pixel; in its weight gradient a row is an input channel and the taps are image rows.
/// All distances are in floats.
/// </summary>
internal unsafe struct TileWork
{
    /// <summary>What row 0 reads at offset 0.</summary>
    public float* Source;

    /// <summary>Each tap's distance from <see cref="Source"/>.</summary>
    public long* Offsets;

    public long Taps;

    /// <summary>Steps of one tap.</summary>
    public long Length;

    /// <summary>Source distance from a step to the next.</summary>
    public long Step;

    /// <summary>Source distance from a row to the next; a tile compiled for one stride does not read it.</summary>
    public long Stride;

    /// <summary>
    /// Each step asks the cache for one line, so that what follows this tile is there in time: here the first step's; the next lie
    /// <see cref="AheadStep"/> apart, with <see cref="AheadGap"/> between taps. Only a hint, which any address will do for and narrow tiles ignore.
    /// </summary>
    public float* Ahead;

    /// <inheritdoc cref="Ahead"/>
    public long AheadStep;

    /// <inheritdoc cref="Ahead"/>
    public long AheadGap;

    /// <summary>16 columns for each step, tap after tap.</summary>
    public float* Weight;

    /// <summary>Distance from the first block's weights to the second's.</summary>
    public long WeightBlock;

    /// <summary>What lies between the weights of a tap and those of the next.</summary>
    public long WeightGap;

    public float* Result;

    /// <summary>Distance from a result row to the next.</summary>
    public long ResultRow;

    /// <summary>Distance from the first block's results to the second's.</summary>
    public long ResultBlock;

    /// <summary>What the sums start from, 16 floats a block; null for zero.</summary>
    public float* Bias;

    /// <summary>Adds what the result holds.</summary>
    public bool Accumulate;

    /// <summary>Stores max(sum, 0).</summary>
    public bool Relu;
}

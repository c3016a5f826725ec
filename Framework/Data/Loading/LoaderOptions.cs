namespace EvenNet.Framework;

/// <summary>How a <see cref="DataLoader"/> goes through a data set. Workers and prefetch change nothing but the speed.</summary>
/// <param name="Batch">Samples of a batch.</param>
/// <param name="Seed">Of order and augmentation.</param>
public sealed record LoaderOptions(int Batch, ulong Seed)
{
    /// <summary>Each epoch in an order of its own; otherwise the set's.</summary>
    public bool Shuffle { get; init; } = true;

    /// <summary>Passes over the data, the last batch short where it must be; 0 goes on for ever, and batches reach from one epoch into the next.</summary>
    public int Epochs { get; init; }

    /// <summary>Threads that decode; 0 means one per processor that the process may use, at most 8.</summary>
    public int Workers { get; init; }

    /// <summary>Batches that are made ahead of the one in use.</summary>
    public int Prefetch { get; init; } = 2;

    /// <summary>Test: once through the data in its order.</summary>
    public static LoaderOptions Once(int batch, ulong seed) => new(batch, seed) { Shuffle = false, Epochs = 1 };
}

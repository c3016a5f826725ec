namespace EvenNet.Framework;

/// <summary>The samples' order in each epoch: as they are, or a shuffle that depends on the seed and the epoch alone. Keeps the last epoch asked for.</summary>
/// <param name="count">Samples.</param>
/// <param name="seed">The run's seed; null leaves them as they are.</param>
internal sealed class EpochOrder(int count, ulong? seed)
{
    private readonly int[] order = seed is null ? [] : new int[count];
    private int epoch = -1;

    /// <summary>The sample at a place.</summary>
    public int this[DataPosition place]
    {
        get
        {
            if (seed is not { } key) return place.Index;
            if (place.Epoch != epoch)
            {
                for (int i = 0; i < count; i++) order[i] = i;
                new Philox(key, RandomPurpose.Order, place.Epoch).Shuffle(order.AsSpan());
                epoch = place.Epoch;
            }
            return order[place.Index];
        }
    }
}

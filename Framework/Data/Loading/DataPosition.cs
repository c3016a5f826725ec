namespace EvenNet.Framework;

/// <summary>A place in the endless row of samples: so many whole passes over the data, and so many samples of the next. All that is needed to go on from there.</summary>
public readonly record struct DataPosition(int Epoch, int Index)
{
    /// <summary>The place <paramref name="samples"/> later, in a set of <paramref name="count"/>.</summary>
    public DataPosition After(long samples, int count)
    {
        long all = (long)Epoch * count + Index + samples;
        return new DataPosition(checked((int)(all / count)), (int)(all % count));
    }

    /// <summary>«3:1200».</summary>
    public override string ToString() => $"{Epoch}:{Index}";
}

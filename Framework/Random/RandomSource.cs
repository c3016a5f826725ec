namespace EvenNet.Framework;

/// <summary>Where random numbers come from: <see cref="Philox"/>, or recorded draws that are to be followed exactly.</summary>
public abstract class RandomSource
{
    /// <summary>Fills the span with independent draws of the normal distribution N(0, 1).</summary>
    public abstract void FillGaussian(Span<float> values);

    /// <summary>The same for many values, in pieces that <paramref name="loop"/> may run side by side: loop(pieces, body) runs body(0) … body(pieces − 1).</summary>
    public virtual void FillGaussian(Memory<float> values, Action<int, Action<int>> loop) => FillGaussian(values.Span);

    /// <summary>One draw of the uniform distribution on [0, 1), a multiple of 2⁻⁵³.</summary>
    public abstract double NextUniform();

    /// <summary>One of 0 … <paramref name="exclusive"/> − 1, all equally likely.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="exclusive"/> is not positive.</exception>
    public abstract int NextInt(int exclusive);

    /// <summary>Fills the span with independent draws of the uniform distribution on [low, high]; rounding to float can reach <paramref name="high"/>.</summary>
    public virtual void FillUniform(Span<float> values, float low, float high)
    {
        double width = (double)high - low;
        foreach (ref float value in values) value = (float)(low + width * NextUniform());
    }

    /// <summary>Puts the items into a random order, all orders equally likely (Fisher and Yates, from the end).</summary>
    public virtual void Shuffle<T>(Span<T> items)
    {
        for (int last = items.Length - 1; last > 0; last--)
        {
            int other = NextInt(last + 1);
            (items[last], items[other]) = (items[other], items[last]);
        }
    }

    /// <summary>
    /// <paramref name="count"/> distinct numbers of 0 … <paramref name="from"/> − 1, every subset equally likely, in random
    /// order or, with <paramref name="sorted"/>, ascending. Needs 4 · from bytes while it works.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">More numbers are asked for than there are.</exception>
    public virtual int[] Choose(int count, int from, bool sorted = false)
    {
        if (count < 0 || count > from)
            throw new ArgumentOutOfRangeException(nameof(count), $"cannot choose {count} distinct numbers of {from}");

        int[] numbers = new int[from];
        for (int i = 0; i < from; i++) numbers[i] = i;
        for (int i = 0; i < count; i++)
        {
            int other = i + NextInt(from - i);
            (numbers[i], numbers[other]) = (numbers[other], numbers[i]);
        }

        int[] chosen = numbers[..count];
        if (sorted) Array.Sort(chosen);
        return chosen;
    }
}

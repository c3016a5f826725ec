using EvenNet.Framework;

namespace EvenNet.Tests;

/// <summary>Pictures made on the spot: sample i is (20 + i % 5)×(18 + i % 3) pixels whose levels depend on i and the place; its class is i % 4.</summary>
internal sealed class SolidDataset(int count, int channels = 3) : Dataset("made", "all", ["a", "b", "c", "d"], channels, [.. Enumerable.Range(0, count).Select(i => i % 4f)])
{
    private int reads;

    /// <summary>Samples that cannot be read.</summary>
    public HashSet<int> Broken { get; init; } = [];

    /// <summary>Called with each sample that is read, on the worker's thread.</summary>
    public Action<int> OnRead { get; init; } = _ => { };

    /// <summary>Pictures read so far.</summary>
    public int Reads => Volatile.Read(ref reads);

    public override string NameOf(int index) => $"made {index}";

    public override void Read(int index, ImageBuffer picture, DecodeScale? scale = null)
    {
        Interlocked.Increment(ref reads);
        OnRead(index);
        if (Broken.Contains(index)) throw new ImageFormatException(NameOf(index), "it was meant to be broken");
        Span<byte> pixels = picture.Begin(20 + index % 5, 18 + index % 3, Channels);
        for (int p = 0; p < pixels.Length; p++) pixels[p] = (byte)(31 * index + 7 * p);
    }
}
